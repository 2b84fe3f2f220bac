// Attention of queries to the cells of a cache, of which each query sees its own.
//
// Queries that see much the same cells are computed together, with all heads that share a head of keys: a tile. The
// cells that one of its queries sees are taken 64 at a time: scores, weights, and the weighted sum of values, as in
// flash attention (Dao 2022, arXiv:2205.14135).
//
// What comes out for a query does not depend on what else is computed, on other cells of the cache, or on the number of
// threads, bit by bit. Every sum has one order: a score that of the numbers of a key, a weighted sum that of the cells,
// where a cell that a query does not see adds 0. Weights are powers of 2 relative to a whole exponent that is not below
// the largest score's, so that it does not matter when a larger one is found: all that changes is scaled by a power
// of 2.

#include "kernels/attention/attention.h"

#include "ggml-cpu-impl.h"
#include "ggml.h"
#include "kernels/attention/memory.h"
#include "kernels/attention/problem.h"
#include "kernels/attention/tiles.h"
#include "kernels/attention/visible_cells.h"

#include <algorithm>
#include <cstdint>

using namespace llmodel::kernels::attention;

size_t llmodel_attention_work_size(int n_threads, const ggml_tensor *op) {
    const Problem problem(op);
    if (!problem.is_ours()) {
        return 0;
    }
    return round_up<size_t>(Shared::size(problem), 64) + static_cast<size_t>(n_threads) * Scratch::size(problem) + 64;
}

bool llmodel_attention(const ggml_compute_params *params, ggml_tensor *op) {
    const Problem problem(op);
    if (params->use_ref || !problem.is_ours()) {
        return false;
    }
    char *space = static_cast<char *>(params->wdata);
    const Shared shared(problem, space);
    space += round_up<size_t>(Shared::size(problem), 64) + static_cast<size_t>(params->ith) * Scratch::size(problem);

    if (problem.mask) {
        const int64_t all = problem.queries * problem.streams;
        for (int64_t index = params->ith; index < all; index += params->nth) {
            shared.weighed[index] = find_visible(problem.mask_of(index % problem.queries, index / problem.queries),
                                                 problem.cells, shared.visible + index * problem.words);
        }
    }
    if (params->ith == 0) {
        ggml_threadpool_chunk_set(params->threadpool, params->nth);
    }
    ggml_barrier(params->threadpool);

    Tiles tiles(problem, shared, space);
    tiles.make_tiles();

    // Loading keys and values costs about as much as six rows: heads that share them are parted if there are threads
    // for it.
    const auto passes = (problem.sharing + problem.tile_heads - 1) / problem.tile_heads;
    const int64_t undivided = tiles.tiles() * problem.key_heads * passes;
    int parts = 1;
    int64_t least = INT64_MAX;
    for (int tried = 1; tried <= problem.tile_heads; ++tried) {
        const int64_t rows = 6 + (problem.tile_heads + tried - 1) / tried;
        const int64_t time = (undivided * tried + params->nth - 1) / params->nth * rows;
        if (time < least) {
            least = time;
            parts = tried;
        }
    }
    const int heads = (problem.tile_heads + parts - 1) / parts;
    const int64_t groups = (problem.sharing + heads - 1) / heads;
    // Few rows are soon multiplied, and wait for memory, where neighbouring heads lie beside each other: several are
    // read together if there is other work for each thread.
    const int64_t items = tiles.tiles() * problem.key_heads * groups;
    const int64_t fit = std::min<int64_t>(max_tile_rows / (tiles.most_queries() * heads), problem.key_heads);
    const int64_t together = std::clamp<int64_t>(items / params->nth / 2, 1, fit);
    const int64_t turns = (problem.key_heads + together - 1) / together;
    const int64_t work = tiles.tiles() * turns * groups;
    for (int64_t item = params->ith; item < work; item = ggml_threadpool_chunk_add(params->threadpool, 1)) {
        const int64_t first_of_heads = item % groups * heads;
        const int64_t first_key_head = item / groups % turns * together;
        tiles.compute(static_cast<int>(item / groups / turns), first_key_head,
                      static_cast<int>(std::min(together, problem.key_heads - first_key_head)), first_of_heads,
                      static_cast<int>(std::min<int64_t>(heads, problem.sharing - first_of_heads)));
    }
    return true;
}
