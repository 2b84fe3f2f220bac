#pragma once

// The parts of plan_translation(), each of which throws as that does.

#include "legacy/plan.h"

namespace llmodel::legacy {

/** Is among the choices of a plan for which it is true. */
constexpr const char *merges_recovered =
    "Text is tokenised by byte-pair encoding, with merges recovered from the order of tokens.";

constexpr float norm_eps = 1e-5F; // what the programs of GPT-J and MPT had; no file says it

Plan plan_llama(const LegacyFile &file, const TranslationOptions &options);
Plan plan_gptj(const LegacyFile &file, const TranslationOptions &options);
Plan plan_mpt(const LegacyFile &file, const TranslationOptions &options);

} // namespace llmodel::legacy
