#pragma once

#include "error.h"
#include "gguf/gguf_file.h"
#include "platform/temporary_file.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace llmodel {

/** A model file of a format that llama.cpp does not read, for which a translation is opened. */
struct TranslatedFrom {
    std::string format;                               /**< Such as "ggjt". */
    std::uint32_t version = 0;                        /**< Of the format; 0 for one without. */
    std::uint64_t size = 0;                           /**< Of all its files, in bytes. */
    std::uint64_t tensors = 0;                        /**< Its own: a translation may have some of zeros besides. */
    std::uint64_t parameters = 0;                     /**< Values in these. */
    std::uint64_t weights = 0;                        /**< The bytes that they take in the file. */
    std::string gone_type;                            /**< That of most values, if GGUF has none of this name. */
    std::optional<std::filesystem::path> translation; /**< The GGUF file; none yet if the model was never opened. */
};

/** A model's file and, where it is of 2023, the GGUF file that is its translation. */
struct ModelFile {
    std::filesystem::path named; /**< As it was asked for. */
    GgufFile gguf;               /**< Validated; its path is what llama.cpp opens. */
    std::optional<TranslatedFrom> origin;
    std::unique_ptr<TemporaryFile> stand_in; /**< For peek_model_file(): the translation without its weights. */

    /** Corrects `$defs/inspect_result`, which describes the GGUF file, where the file that was named differs. */
    void complete(json &description) const;

    /** An error about `gguf`, as one about the file that was named: the user knows nothing of the translation. */
    Error of_named(const Error &error) const;
};

/** From 0 to 1; returns false to cancel. */
using FileProgress = std::function<bool(float)>;

/** Reads and validates the model at `path`, and translates it first, into the cache, where it needs that and has not
 *  been before. `cache_dir` is the open option; `progress` reports on the translation. Throws Error. */
ModelFile open_model_file(const std::filesystem::path &path, const std::string &cache_dir,
                          const FileProgress &progress);

/** The same without translating weights: a model that is not in the cache gets a file with holes in their place, which
 *  serves for everything but computing. */
ModelFile peek_model_file(const std::filesystem::path &path, const std::string &cache_dir);

} // namespace llmodel
