#include "gguf/gguf_file.h"

#include "gguf/utf8.h"

#include <limits>
#include <utility>

namespace llmodel {

const char *gguf_type_label(GgufType type) {
    switch (type) {
    case GgufType::uint8:
        return "uint8";
    case GgufType::int8:
        return "int8";
    case GgufType::uint16:
        return "uint16";
    case GgufType::int16:
        return "int16";
    case GgufType::uint32:
        return "uint32";
    case GgufType::int32:
        return "int32";
    case GgufType::float32:
        return "float32";
    case GgufType::boolean:
        return "bool";
    case GgufType::string:
        return "string";
    case GgufType::array:
        return "array";
    case GgufType::uint64:
        return "uint64";
    case GgufType::int64:
        return "int64";
    case GgufType::float64:
        return "float64";
    }
    return "unknown";
}

void StringArray::reserve(std::size_t count, std::size_t bytes) {
    ends_.reserve(count);
    bytes_.reserve(bytes);
}

void StringArray::push_back(std::string_view text) {
    bytes_.append(text);
    ends_.push_back(bytes_.size());
}

std::string_view StringArray::operator[](std::size_t index) const {
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(bytes_).substr(begin, ends_[index] - begin);
}

std::size_t GgufArray::size() const {
    return std::visit([](const auto &values) { return values.size(); }, items);
}

std::uint64_t GgufTensor::elements() const {
    std::uint64_t count = 1;
    for (const std::int64_t dim : dims) {
        count *= static_cast<std::uint64_t>(dim);
    }
    return count;
}

const GgufValue *GgufFile::find(std::string_view key) const {
    const auto found = metadata.find(key);
    return found == metadata.end() ? nullptr : &found->second;
}

const GgufTensor *GgufFile::find_tensor(std::string_view name) const {
    const auto found = tensor_index_.find(name);
    return found == tensor_index_.end() ? nullptr : &tensors[found->second];
}

void GgufFile::index_tensors() {
    tensor_index_.clear();
    tensor_index_.reserve(tensors.size());
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        tensor_index_.emplace(tensors[i].name, i);
    }
}

void GgufFile::fail(llmodel_status status, std::string_view key, const std::string &message) const {
    const GgufValue *value = find(key);
    json detail = {{"path", path}, {"key", printable(key)}};
    std::string where;
    if (value != nullptr) {
        detail["offset"] = value->offset;
        where = " (at byte " + std::to_string(value->offset) + ")";
    }
    throw Error(status, "'" + path + "': the metadata key '" + printable(key) + "'" + where + " " + message, detail);
}

void GgufFile::fail_tensor(llmodel_status status, const GgufTensor &tensor, const std::string &message) const {
    throw Error(status,
                "'" + path + "': the tensor '" + printable(tensor.name) + "' (described at byte " +
                    std::to_string(tensor.info_offset) + ") " + message,
                {{"path", path}, {"tensor", printable(tensor.name)}, {"offset", tensor.info_offset}});
}

namespace {

[[noreturn]] void wrong_type(const GgufFile &file, std::string_view key, const GgufValue &value, const char *expected) {
    file.fail(LLMODEL_INVALID_MODEL, key,
              std::string("must be ") + expected + " but is of type " + gguf_type_label(value.type));
}

} // namespace

std::optional<bool> GgufFile::get_bool(std::string_view key) const {
    const GgufValue *value = find(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    if (const bool *flag = std::get_if<bool>(&value->value)) {
        return *flag;
    }
    wrong_type(*this, key, *value, "true or false");
}

std::optional<std::uint64_t> GgufFile::get_uint(std::string_view key) const {
    const GgufValue *value = find(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    if (const auto *number = std::get_if<std::uint64_t>(&value->value)) {
        return *number;
    }
    if (const auto *number = std::get_if<std::int64_t>(&value->value)) {
        if (*number < 0) {
            fail(LLMODEL_INVALID_MODEL, key, "must not be negative but is " + std::to_string(*number));
        }
        return static_cast<std::uint64_t>(*number);
    }
    wrong_type(*this, key, *value, "an integer");
}

std::optional<double> GgufFile::get_float(std::string_view key) const {
    const GgufValue *value = find(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    if (const double *number = std::get_if<double>(&value->value)) {
        return *number;
    }
    wrong_type(*this, key, *value, "a floating-point number");
}

std::optional<std::string_view> GgufFile::get_string(std::string_view key) const {
    const GgufValue *value = find(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    if (const auto *text = std::get_if<std::string>(&value->value)) {
        return *text;
    }
    wrong_type(*this, key, *value, "a string");
}

const GgufArray *GgufFile::get_array(std::string_view key) const {
    const GgufValue *value = find(key);
    if (value == nullptr) {
        return nullptr;
    }
    if (const auto *array = std::get_if<GgufArray>(&value->value)) {
        return array;
    }
    wrong_type(*this, key, *value, "an array");
}

const StringArray *GgufFile::get_strings(std::string_view key) const {
    const GgufArray *array = get_array(key);
    if (array == nullptr || array->strings() != nullptr) {
        return array == nullptr ? nullptr : array->strings();
    }
    fail(LLMODEL_INVALID_MODEL, key,
         std::string("must be an array of strings but its items are of type ") + gguf_type_label(array->type));
}

std::string_view GgufFile::architecture() const {
    constexpr std::string_view key = "general.architecture";
    const auto name = get_string(key);
    if (!name) {
        fail(LLMODEL_INVALID_MODEL, key, "is missing; the file does not say what model it is");
    }
    return *name;
}

std::string_view GgufFile::source_architecture() const {
    return get_string("gpt4all.source.architecture").value_or(architecture());
}

} // namespace llmodel
