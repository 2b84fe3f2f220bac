#pragma once

#include "platform/temporary_file.h"
#include "quantize/activation_sums.h"

#include <cstdint>
#include <string>

namespace llmodel {

/** What an importance matrix was made of. */
struct ImatrixOrigin {
    std::string dataset;
    std::uint32_t chunks = 0;
    std::uint32_t chunk_size = 0; /**< In tokens. */
};

/** Writes llama.cpp's format of importance matrices. Throws Error(LLMODEL_IO). */
void write_imatrix(TemporaryFile &file, const ActivationSums &sums, const ImatrixOrigin &origin);

} // namespace llmodel
