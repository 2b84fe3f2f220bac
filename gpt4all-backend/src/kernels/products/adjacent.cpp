// Queries, keys and values of a layer, or its gate and what it lets through, are products of the same inputs.
//
// Memory is shared by results that are not needed at the same time, so products can only be computed together if
// nothing is computed between them.

#include "kernels/products/adjacent.h"

#include "ggml-impl.h"
#include "kernels/products/buffer_type.h"
#include "kernels/products/integers.h"
#include "kernels/products/product.h"

#include <array>

#ifdef LLMODEL_HAS_PRODUCTS

namespace {

using llmodel::kernels::products::most_together;

bool computes_nothing(const ggml_tensor *node) {
    return ggml_op_is_empty(node->op) || ggml_is_empty(node) || (node->flags & GGML_TENSOR_FLAG_COMPUTE) == 0;
}

bool has_inputs_of(const ggml_tensor *op, const ggml_tensor *first) {
    return op->op == first->op && llmodel_is_product(op) && op->src[1] == first->src[1] &&
           op->src[2] == first->src[2] && op->src[0]->type == first->src[0]->type &&
           op->src[0]->ne[0] == first->src[0]->ne[0] && op->src[0]->ne[2] == first->src[0]->ne[2];
}

} // namespace

int llmodel_compute_adjacent_products(const ggml_compute_params *params, const ggml_cgraph *graph, int first) {
    const ggml_tensor *node = graph->nodes[first];
    if (computes_nothing(node) || !llmodel_is_product(node)) {
        return 0;
    }
    std::array<ggml_tensor *, most_together> ops{graph->nodes[first]};
    int count = 1;
    int last = first;
    for (int i = first + 1; i < graph->n_nodes && count < most_together; ++i) {
        ggml_tensor *next = graph->nodes[i];
        if (computes_nothing(next)) {
            continue;
        }
        if (!has_inputs_of(next, node)) {
            break;
        }
        ops[static_cast<size_t>(count++)] = next;
        last = i;
    }
    if (count > 1) {
        llmodel::kernels::products::compute(params, ops.data(), count);
    }
    return last - first;
}

#else

int llmodel_compute_adjacent_products(const ggml_compute_params *, const ggml_cgraph *, int) {
    return 0;
}

#endif
