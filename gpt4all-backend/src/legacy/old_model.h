#pragma once

#include "legacy/plan.h"
#include "legacy/rows.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace llmodel::legacy {

/** A model of 2023, opened to be translated. */
struct OldModel {
    Sources sources;
    std::vector<std::filesystem::path> files; /**< Of the sources. */
    Plan plan;

    /** Of all its files, in bytes. */
    std::uint64_t size() const;
};

/** Whether the file is one that only a translation runs: of a format before GGUF, or GGUF of the architecture gptj, for
 *  which `gguf` is given. */
bool needs_translation(const std::filesystem::path &path);
bool needs_translation(const GgufFile &gguf);

/** Reads everything but the weights. Throws as read_legacy_file(), read_gguf() and plan_translation() do. */
OldModel open_old_model(const std::filesystem::path &path, const TranslationOptions &options);

/** The new file without its weights, checked as any model that is opened. Throws Error(LLMODEL_INVALID_MODEL). */
GgufFile check_plan(const Plan &plan, const std::string &path);

} // namespace llmodel::legacy
