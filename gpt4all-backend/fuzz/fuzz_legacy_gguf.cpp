// libFuzzer: GGUF of the architecture gptj.

#include "fuzz_legacy.h"
#include "gguf/validate_model.h"

using namespace llmodel;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    legacy::expect_typed_errors([&] {
        legacy::Sources sources;
        sources.push_back(legacy::fuzzed_source({data, size}));
        const GgufFile file = read_gguf(*sources.front());
        validate_model(file);
        legacy::translate_to_nowhere(legacy::plan_translation(file, {}), sources);
    });
    return 0;
}
