#pragma once

#include "gguf/gguf_file.h"
#include "quantize/request.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace llmodel {

/** Bytes that the tensors will have. Throws where a type needs something that is missing: llama.cpp would find out on a
 * thread where nothing can be caught. */
uint64_t plan_quantization(const GgufFile &file, const QuantizeRequest &request);

/** Throws the error for a file that has lost precision once already. */
[[noreturn]] void refuse_requantizing(const std::filesystem::path &path, const std::string &reason);

} // namespace llmodel
