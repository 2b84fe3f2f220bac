#pragma once

#include "error.h"
#include "llama.h"
#include "tokens/tokens.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace llmodel {

/** A text that a model is run over to see which of its weights matter. */
struct CalibrationText {
    std::string text;           /**< UTF-8. */
    std::string name;           /**< What the importance matrix calls it. */
    std::filesystem::path file; /**< Empty if it was given itself. */
};

/** By `$defs/imatrix_options`. Throws Error(LLMODEL_INVALID_ARGUMENT, LLMODEL_NOT_FOUND or LLMODEL_IO). */
CalibrationText read_calibration_text(const json &options);

/** The first `most` stretches of `n_ctx` tokens, all if that is 0, each of which begins as a text does. Throws
 *  Error(LLMODEL_INVALID_ARGUMENT) if there is none. */
std::vector<Tokens> cut_into_chunks(const CalibrationText &text, const llama_vocab *vocab, std::size_t n_ctx,
                                    std::size_t most);

} // namespace llmodel
