#pragma once

// Products of a graph that have the same inputs, which a patch of ggml has computed as one.

#ifdef __cplusplus
extern "C" {
#endif

struct ggml_cgraph;
struct ggml_compute_params;

/**
 * A thread's part of node `first` and of the products behind it that have the same inputs. Returns how many nodes
 * behind `first` this was; 0, with nothing done, if there is none.
 */
int llmodel_compute_adjacent_products(const struct ggml_compute_params *params, const struct ggml_cgraph *graph,
                                      int first);

#ifdef __cplusplus
}
#endif
