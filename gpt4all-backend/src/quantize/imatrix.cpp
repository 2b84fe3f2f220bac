#include "quantize/imatrix.h"

#include "error.h"
#include "gguf/byte_source.h"
#include "gguf/gguf_file.h"
#include "imatrix-loader.h"

#include <array>
#include <cmath>
#include <cstring>
#include <span>

namespace llmodel {

namespace {

[[noreturn]] void fail(const std::filesystem::path &path, const std::string &what) {
    throw Error(LLMODEL_INVALID_MODEL,
                path.string() + ": " + what + "; make it again with llmodel_imatrix() or llama-imatrix",
                {{"path", path.string()}});
}

bool is_gguf(FileSource &file) {
    std::array<char, 4> magic{};
    if (file.size() < magic.size()) {
        return false;
    }
    file.read(0, std::as_writable_bytes(std::span(magic)));
    return std::memcmp(magic.data(), "GGUF", magic.size()) == 0;
}

/** Holds the lengths in a file of the older format (count; then length, name, calls, count, values for each) against
 *  what is there, since the loader takes memory for whatever they say. */
void check_legacy(FileSource &file, const std::filesystem::path &path) {
    uint64_t at = 0;
    const auto number = [&] {
        std::array<char, sizeof(int32_t)> bytes{};
        if (file.size() - at < bytes.size()) {
            fail(path, "the importance matrix is cut off");
        }
        file.read(at, std::as_writable_bytes(std::span(bytes)));
        at += bytes.size();
        int32_t value = 0;
        std::memcpy(&value, bytes.data(), bytes.size());
        return static_cast<int64_t>(value);
    };
    const auto skip = [&](int64_t count, uint64_t item_size) {
        if (count < 0 || static_cast<uint64_t>(count) * item_size > file.size() - at) {
            fail(path, "this is not an importance matrix, or it is damaged");
        }
        at += static_cast<uint64_t>(count) * item_size;
    };
    const int64_t entries = number();
    if (entries < 1) {
        fail(path, "this is not an importance matrix");
    }
    for (int64_t i = 0; i < entries; ++i) {
        skip(number(), 1);
        number();
        skip(number(), sizeof(float));
    }
    if (at < file.size()) {
        number();
        skip(number(), 1);
    }
}

/** Means over the tokens that each expert saw; one that saw none has all its columns alike. */
std::vector<float> means(const common_imatrix_entry &entry, bool legacy) {
    std::vector<float> columns(entry.sums);
    const size_t experts = legacy ? 1 : entry.counts.size();
    const size_t width = experts == 0 ? 0 : columns.size() / experts;
    for (size_t expert = 0; expert < experts; ++expert) {
        const int64_t count = expert < entry.counts.size() ? entry.counts[expert] : 0;
        for (size_t i = expert * width; i < (expert + 1) * width; ++i) {
            columns[i] = count > 0 ? columns[i] / static_cast<float>(count) : legacy ? columns[i] : 1.0F;
        }
    }
    return columns;
}

} // namespace

ImportanceMatrix read_imatrix(const std::filesystem::path &path) {
    {
        FileSource file(path);
        if (is_gguf(file)) {
            for (const GgufTensor &tensor : read_gguf(file).tensors) {
                if (tensor.type != GGML_TYPE_F32) {
                    fail(path, "the tensor " + tensor.name + " should be of type f32");
                }
            }
        } else {
            check_legacy(file, path);
        }
    }
    common_imatrix loaded;
    if (!common_imatrix_load(path.string(), loaded) || loaded.entries.empty()) {
        fail(path, "this is not an importance matrix");
    }
    ImportanceMatrix matrix;
    matrix.chunks = loaded.chunk_count;
    if (!loaded.datasets.empty()) {
        matrix.dataset = loaded.datasets.front();
    }
    for (const auto &[name, entry] : loaded.entries) {
        std::vector<float> columns = means(entry, loaded.is_legacy);
        for (const float value : columns) {
            if (!std::isfinite(value) || value < 0) {
                fail(path, "the importance of " + name + " has a value that is negative or not finite");
            }
        }
        matrix.columns.emplace(name, std::move(columns));
    }
    return matrix;
}

} // namespace llmodel
