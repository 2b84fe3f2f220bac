#pragma once

#include "gguf/gguf_file.h"

namespace llmodel {

/**
 * Refuses whatever a well-formed GGUF file may contain that would make llama.cpp crash, abort, hang or take absurd
 * amounts of memory, while loading or later on a thread where nothing can be caught. It stays as general as llama.cpp:
 * every architecture and file that llama.cpp runs passes.
 *
 * If the model is split, the other parts, beside `file.path`, are read and checked too.
 *
 * Throws LLMODEL_UNSUPPORTED for an architecture or tokenizer that llama.cpp does not know and for a file that is no
 * language model, LLMODEL_NOT_FOUND for a missing part, and else LLMODEL_INVALID_MODEL naming the key or tensor.
 */
void validate_model(const GgufFile &file);

/** The same for a LoRA adapter that is to be applied to `model`. */
void validate_adapter(const GgufFile &adapter, const GgufFile &model);

} // namespace llmodel
