#pragma once

// What the fuzzers of old formats share: any bytes are either refused with a typed error, or translated into a GGUF
// file that passes all checks, as long as was said before.

#include "legacy/old_model.h"
#include "legacy/translate.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace llmodel::legacy {

inline std::unique_ptr<ByteSource> fuzzed_source(std::span<const std::uint8_t> data) {
    return std::make_unique<MemorySource>(std::as_bytes(data), "fuzz");
}

inline void translate_to_nowhere(const Plan &plan, const Sources &sources) {
    check_plan(plan, "fuzz");
    std::uint64_t written = 0;
    translate(
        plan, sources, [&](std::span<const std::byte> bytes) { written += bytes.size(); },
        [&](std::uint64_t so_far, std::uint64_t read_to) {
            if (so_far != written || read_to > sources.front()->size()) {
                std::abort();
            }
        });
    if (written != plan.size()) {
        std::abort();
    }
}

inline void expect_typed_errors(const std::function<void()> &body) {
    try {
        body();
    } catch (const Error &error) {
        if (error.status() == LLMODEL_INTERNAL || error.detail().dump().empty()) {
            std::abort();
        }
    }
}

/** Returns what libFuzzer wants: -1 keeps files of other architectures out of its corpus. */
inline int fuzz_legacy(std::span<const std::uint8_t> data, Architecture architecture) {
    int kept = 0;
    expect_typed_errors([&] {
        Sources sources;
        sources.push_back(fuzzed_source(data));
        // every part of a model in several files is the same
        const LegacyFile file = read_legacy_file(sources, [&](std::size_t) { return fuzzed_source(data); });
        if (file.architecture != architecture) {
            kept = -1;
            return;
        }
        TranslationOptions options;
        options.q4_2_type = data.size() % 2 == 0 ? "auto" : "F16";
        options.q4_3_type = data.size() % 2 == 0 ? "Q6_K" : "F32";
        translate_to_nowhere(plan_translation(file, options), sources);
    });
    return kept;
}

} // namespace llmodel::legacy
