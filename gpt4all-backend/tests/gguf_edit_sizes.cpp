#include "ggml.h"
#include "gguf_edit.h"

// Apart from the rest, which tests of the shared library use: these have no ggml.

namespace llmodel::test {

void EditableGguf::make_consistent() {
    constexpr std::uint64_t most = std::uint64_t{64} << 20;
    std::uint64_t offset = 0;
    for (Tensor &tensor : tensors) {
        if (tensor.type >= GGML_TYPE_COUNT || ggml_blck_size(static_cast<ggml_type>(tensor.type)) <= 0) {
            return;
        }
        const auto type = static_cast<ggml_type>(tensor.type);
        std::uint64_t elements = 1;
        for (const std::uint64_t dim : tensor.dims) {
            if (dim == 0 || dim > most / elements) {
                return;
            }
            elements *= dim;
        }
        const auto block = static_cast<std::uint64_t>(ggml_blck_size(type));
        tensor.data.resize(static_cast<std::size_t>(elements / block * ggml_type_size(type)));
        tensor.offset = offset;
        offset += (tensor.data.size() + alignment - 1) / alignment * alignment;
    }
}

} // namespace llmodel::test
