// libFuzzer: any bytes are either refused with a typed error or a file that passes all checks.

#include "gguf/validate_model.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    llmodel::MemorySource source(std::as_bytes(std::span(data, size)), "fuzz");
    try {
        const llmodel::GgufFile file = llmodel::read_gguf(source);
        for (const llmodel::GgufTensor &tensor : file.tensors) {
            if (tensor.offset > size || tensor.size > size - tensor.offset) {
                std::abort();
            }
        }
        llmodel::validate_model(file);
    } catch (const llmodel::Error &error) {
        if (error.status() == LLMODEL_INTERNAL || error.detail().dump().empty()) {
            std::abort();
        }
    }
    return 0;
}
