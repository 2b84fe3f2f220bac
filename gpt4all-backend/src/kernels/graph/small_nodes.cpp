// A token's norms, sums and rotations are some thousand numbers each, and most of them a single row, which ggml does
// not divide. Threads that wait for each other after every one of them spend more time with that than with computing.
//
// The operations below do not wait for other threads themselves, and their results do not depend on how many there are.

#include "kernels/graph/small_nodes.h"

#include "ggml.h"

namespace {

// What one thread computes in a microsecond or two.
constexpr int64_t most_numbers = 8192;

bool can_be_computed_alone(ggml_op op) {
    switch (op) {
    case GGML_OP_ADD:
    case GGML_OP_ADD_ID:
    case GGML_OP_SUB:
    case GGML_OP_MUL:
    case GGML_OP_DIV:
    case GGML_OP_SCALE:
    case GGML_OP_CLAMP:
    case GGML_OP_SUM_ROWS:
    case GGML_OP_NORM:
    case GGML_OP_RMS_NORM:
    case GGML_OP_L2_NORM:
    case GGML_OP_UNARY:
    case GGML_OP_GLU:
    case GGML_OP_SOFT_MAX:
    case GGML_OP_ARGSORT:
    case GGML_OP_ROPE:
    case GGML_OP_CPY:
    case GGML_OP_CONT:
    case GGML_OP_GET_ROWS:
    case GGML_OP_SET_ROWS:
        return true;
    default:
        return false;
    }
}

/** The tensor that is as large as the work: neither a cache, of which some rows are set, nor a table. */
const ggml_tensor *extent_of(const ggml_tensor *node) {
    return node->op == GGML_OP_SET_ROWS || node->op == GGML_OP_SUM_ROWS ? node->src[0] : node;
}

} // namespace

bool llmodel_is_small(const ggml_tensor *node) {
    if (!can_be_computed_alone(node->op)) {
        return false;
    }
    const ggml_tensor *extent = extent_of(node);
    return ggml_nelements(extent) <= most_numbers || ggml_nrows(extent) == 1;
}
