// libFuzzer: LLaMA as ggml, ggmf and ggjt.

#include "fuzz_legacy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    return llmodel::legacy::fuzz_legacy({data, size}, llmodel::legacy::Architecture::llama);
}
