#pragma once

// Nodes of a graph that one thread computes, by a patch of ggml.

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ggml_tensor;

/** Whether it takes one thread less time to compute this than it takes several to wait for each other. */
bool llmodel_is_small(const struct ggml_tensor *node);

#ifdef __cplusplus
}
#endif
