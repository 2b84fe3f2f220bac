#include "gguf/parse.h"
#include "gguf/utf8.h"

#include <limits>
#include <string>

namespace llmodel::parsing {

namespace {

std::uint64_t padded(std::uint64_t value, std::uint64_t alignment) {
    return (value + alignment - 1) & ~(alignment - 1);
}

void read_type(GgufCursor &cursor, GgufTensor &tensor, std::uint64_t elements) {
    const std::uint64_t at = cursor.position();
    const auto type = cursor.number<std::uint32_t>("the tensor's type");
    if (type >= GGML_TYPE_COUNT) {
        cursor.fail(LLMODEL_INVALID_MODEL, at,
                    "there is no tensor type " + std::to_string(type) +
                        "; the file is corrupt or newer than this library");
    }
    tensor.type = static_cast<ggml_type>(type);
    const auto block = static_cast<std::uint64_t>(ggml_blck_size(tensor.type));
    const auto block_bytes = static_cast<std::uint64_t>(ggml_type_size(tensor.type));
    if (block == 0 || block_bytes == 0) {
        cursor.fail(LLMODEL_UNSUPPORTED, at,
                    "tensor type " + std::to_string(type) + " (" + ggml_type_name(tensor.type) +
                        ") was dropped from ggml; quantise the model again");
    }
    if (static_cast<std::uint64_t>(tensor.dims[0]) % block != 0) {
        cursor.fail(LLMODEL_INVALID_MODEL, at,
                    "rows of " + std::to_string(tensor.dims[0]) + " elements cannot be divided into the blocks of " +
                        std::to_string(block) + " that type " + ggml_type_name(tensor.type) + " has");
    }
    const std::uint64_t blocks = elements / block;
    if (blocks > cursor.size() / block_bytes) {
        cursor.fail(LLMODEL_INVALID_MODEL, at,
                    "the tensor's data cannot fit into the file of " + std::to_string(cursor.size()) +
                        " bytes; it is truncated or corrupt, so download it again");
    }
    tensor.size = blocks * block_bytes;
}

} // namespace

GgufTensor read_tensor(GgufCursor &cursor) {
    cursor.clear_subject();
    GgufTensor tensor;
    tensor.info_offset = cursor.position();
    tensor.name = cursor.string("the name of a tensor", GGML_MAX_NAME - 1);
    cursor.set_subject("tensor", tensor.name);
    if (tensor.name.empty() || !is_valid_utf8(tensor.name) || tensor.name.find('\0') != std::string::npos) {
        cursor.fail(LLMODEL_INVALID_MODEL, tensor.info_offset,
                    "a tensor's name must be non-empty UTF-8 text without NUL");
    }
    const std::uint64_t dims_at = cursor.position();
    tensor.n_dims = cursor.number<std::uint32_t>("the number of dimensions");
    if (tensor.n_dims > GGML_MAX_DIMS) {
        cursor.fail(LLMODEL_INVALID_MODEL, dims_at,
                    "the tensor claims " + std::to_string(tensor.n_dims) + " dimensions; at most " +
                        std::to_string(GGML_MAX_DIMS) + " are possible");
    }
    constexpr std::uint64_t max_elements = std::numeric_limits<std::int64_t>::max() / 16;
    std::uint64_t elements = 1;
    for (std::size_t i = 0; i < tensor.n_dims; ++i) {
        const std::uint64_t at = cursor.position();
        const auto dim = cursor.number<std::uint64_t>("a dimension");
        if (dim == 0 || dim > max_elements / elements) {
            cursor.fail(LLMODEL_INVALID_MODEL, at,
                        "dimension " + std::to_string(i) + " is " + std::to_string(dim) +
                            (dim == 0 ? "" : ", which overflows the tensor's size"));
        }
        elements *= dim;
        tensor.dims[i] = static_cast<std::int64_t>(dim);
    }
    read_type(cursor, tensor, elements);
    tensor.offset = cursor.number<std::uint64_t>("the offset of the tensor's data");
    return tensor;
}

void place_tensors(GgufFile &file, std::uint64_t end) {
    file.data_offset = padded(end, file.alignment);
    if (file.tensors.empty()) {
        return;
    }
    std::uint64_t expected = 0;
    for (GgufTensor &tensor : file.tensors) {
        if (tensor.offset != expected) {
            file.fail_tensor(LLMODEL_INVALID_MODEL, tensor,
                             "claims that its data begins at byte " + std::to_string(tensor.offset) +
                                 " of the data section, but the tensors before it end at " + std::to_string(expected));
        }
        tensor.offset += file.data_offset;
        if (tensor.offset > file.size || tensor.size > file.size - tensor.offset) {
            file.fail_tensor(LLMODEL_INVALID_MODEL, tensor,
                             "needs bytes " + std::to_string(tensor.offset) + " to " +
                                 std::to_string(tensor.offset + tensor.size) + ", but the file ends at " +
                                 std::to_string(file.size) + "; it is truncated, so download it again");
        }
        expected += padded(tensor.size, file.alignment);
    }
}

} // namespace llmodel::parsing
