#pragma once

// The processor's GGML_OP_FLASH_ATTN_EXT, which a patch of llama.cpp calls in place of its own.

#include <stdbool.h>
#include <stddef.h>

struct ggml_compute_params;
struct ggml_tensor;

#ifdef __cplusplus
extern "C" {
#endif

/** The bytes of work space that llmodel_attention() needs; 0 if it does not compute this. */
size_t llmodel_attention_work_size(int n_threads, const struct ggml_tensor *op);

/** A thread's part of it; false, with nothing done, if this is left to ggml. */
bool llmodel_attention(const struct ggml_compute_params *params, struct ggml_tensor *op);

#ifdef __cplusplus
}
#endif
