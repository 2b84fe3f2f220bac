#include "gguf_edit.h"

#include <algorithm>
#include <fstream>
#include <span>
#include <stdexcept>

namespace llmodel::test {

namespace {

template<typename T> void append(Bytes &bytes, T value) {
    const auto *from = reinterpret_cast<const std::byte *>(&value);
    bytes.insert(bytes.end(), from, from + sizeof value);
}

void append_string(Bytes &bytes, std::string_view text) {
    append(bytes, std::uint64_t{text.size()});
    const auto *from = reinterpret_cast<const std::byte *>(text.data());
    bytes.insert(bytes.end(), from, from + text.size());
}

void pad(Bytes &bytes, std::uint64_t alignment) {
    while (alignment > 0 && bytes.size() % alignment != 0) {
        bytes.push_back(std::byte{0});
    }
}

class Scanner {
  public:
    explicit Scanner(const Bytes &bytes) : bytes_(bytes) {}

    std::size_t position() const { return position_; }

    template<typename T> T take() {
        T value;
        std::memcpy(&value, slice(sizeof value).data(), sizeof value);
        return value;
    }

    std::string take_string() {
        const auto text = slice(static_cast<std::size_t>(take<std::uint64_t>()));
        return std::string(reinterpret_cast<const char *>(text.data()), text.size());
    }

    void skip_value(GgufType type) {
        constexpr std::size_t sizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
        if (type == GgufType::string) {
            take_string();
        } else if (type == GgufType::array) {
            const auto item = static_cast<GgufType>(take<std::uint32_t>());
            const auto count = take<std::uint64_t>();
            for (std::uint64_t i = 0; i < count; ++i) {
                skip_value(item);
            }
        } else {
            slice(sizes[static_cast<std::size_t>(type)]);
        }
    }

  private:
    std::span<const std::byte> slice(std::size_t size) {
        if (size > bytes_.size() - position_) {
            throw std::runtime_error("not a well-formed GGUF file");
        }
        position_ += size;
        return std::span(bytes_).subspan(position_ - size, size);
    }

    const Bytes &bytes_;
    std::size_t position_ = 0;
};

} // namespace

EditableGguf EditableGguf::parse(const Bytes &file) {
    EditableGguf result;
    Scanner scanner(file);
    scanner.take<std::uint32_t>();
    result.version = scanner.take<std::uint32_t>();
    const auto tensor_count = scanner.take<std::uint64_t>();
    const auto pair_count = scanner.take<std::uint64_t>();
    for (std::uint64_t i = 0; i < pair_count; ++i) {
        Pair pair;
        pair.key = scanner.take_string();
        pair.type = scanner.take<std::uint32_t>();
        const std::size_t begin = scanner.position();
        scanner.skip_value(static_cast<GgufType>(pair.type));
        pair.value.assign(file.begin() + static_cast<std::ptrdiff_t>(begin),
                          file.begin() + static_cast<std::ptrdiff_t>(scanner.position()));
        result.pairs.push_back(std::move(pair));
    }
    if (const Pair *alignment = result.find("general.alignment")) {
        std::uint32_t value = 0;
        std::memcpy(&value, alignment->value.data(), sizeof value);
        result.alignment = value;
    }
    for (std::uint64_t i = 0; i < tensor_count; ++i) {
        Tensor tensor;
        tensor.name = scanner.take_string();
        tensor.dims.resize(scanner.take<std::uint32_t>());
        for (std::uint64_t &dim : tensor.dims) {
            dim = scanner.take<std::uint64_t>();
        }
        tensor.type = scanner.take<std::uint32_t>();
        tensor.offset = scanner.take<std::uint64_t>();
        result.tensors.push_back(std::move(tensor));
    }
    const std::size_t data_begin = (scanner.position() + result.alignment - 1) / result.alignment * result.alignment;
    for (std::size_t i = 0; i < result.tensors.size(); ++i) {
        const std::size_t begin = data_begin + result.tensors[i].offset;
        const std::size_t end = i + 1 < result.tensors.size() ? data_begin + result.tensors[i + 1].offset : file.size();
        result.tensors[i].data.assign(file.begin() + static_cast<std::ptrdiff_t>(begin),
                                      file.begin() + static_cast<std::ptrdiff_t>(end));
    }
    return result;
}

Bytes EditableGguf::serialize() const {
    Bytes bytes;
    for (const char letter : std::string_view("GGUF")) {
        append(bytes, letter);
    }
    append(bytes, version);
    append(bytes, std::uint64_t{tensors.size()});
    append(bytes, std::uint64_t{pairs.size()});
    for (const Pair &pair : pairs) {
        append_string(bytes, pair.key);
        append(bytes, pair.type);
        bytes.insert(bytes.end(), pair.value.begin(), pair.value.end());
    }
    for (const Tensor &tensor : tensors) {
        append_string(bytes, tensor.name);
        append(bytes, static_cast<std::uint32_t>(tensor.dims.size()));
        for (const std::uint64_t dim : tensor.dims) {
            append(bytes, dim);
        }
        append(bytes, tensor.type);
        append(bytes, tensor.offset);
    }
    pad(bytes, alignment);
    for (const Tensor &tensor : tensors) {
        bytes.insert(bytes.end(), tensor.data.begin(), tensor.data.end());
        pad(bytes, alignment);
    }
    return bytes;
}

EditableGguf::Pair *EditableGguf::find(std::string_view key) {
    const auto found = std::find_if(pairs.begin(), pairs.end(), [&](const Pair &pair) { return pair.key == key; });
    return found == pairs.end() ? nullptr : &*found;
}

EditableGguf::Tensor *EditableGguf::find_tensor(std::string_view name) {
    const auto found =
        std::find_if(tensors.begin(), tensors.end(), [&](const Tensor &tensor) { return tensor.name == name; });
    return found == tensors.end() ? nullptr : &*found;
}

void EditableGguf::set_bytes(const std::string &key, GgufType type, Bytes value) {
    Pair *pair = find(key);
    if (pair == nullptr) {
        pair = &pairs.emplace_back();
        pair->key = key;
    }
    pair->type = static_cast<std::uint32_t>(type);
    pair->value = std::move(value);
}

void EditableGguf::set_string(const std::string &key, std::string_view text) {
    Bytes bytes;
    append_string(bytes, text);
    set_bytes(key, GgufType::string, std::move(bytes));
}

void EditableGguf::set_strings(const std::string &key, const std::vector<std::string> &texts) {
    Bytes bytes = array_head(GgufType::string, texts.size());
    for (const std::string &text : texts) {
        append_string(bytes, text);
    }
    set_bytes(key, GgufType::array, std::move(bytes));
}

void EditableGguf::remove(std::string_view key) {
    std::erase_if(pairs, [&](const Pair &pair) { return pair.key == key; });
}

Bytes EditableGguf::array_head(GgufType item_type, std::uint64_t count) {
    Bytes bytes;
    append(bytes, static_cast<std::uint32_t>(item_type));
    append(bytes, count);
    return bytes;
}

Bytes read_bytes(const std::filesystem::path &path) {
    std::ifstream stream(path, std::ios::binary | std::ios::ate);
    Bytes bytes(stream ? static_cast<std::size_t>(stream.tellg()) : 0);
    stream.seekg(0);
    stream.read(reinterpret_cast<char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!stream) {
        throw std::runtime_error("cannot read " + path.string());
    }
    return bytes;
}

} // namespace llmodel::test
