#pragma once

#include "ggml.h"
#include "kernels/attention/visible_cells.h"
#include "kernels/to_floats.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace llmodel::kernels::attention {

constexpr int max_tile_rows = 48; // queries of a tile times their heads

/** A tensor of numbers by head and position; sequences that do not share a cache have one each, a stream. */
struct Heads {
    const char *data;
    size_t to_position;
    size_t to_head;
    size_t to_stream;

    static Heads of(const ggml_tensor *tensor) {
        return {static_cast<const char *>(tensor->data), tensor->nb[1], tensor->nb[2], tensor->nb[3]};
    }

    const char *at(int64_t position, int64_t head, int64_t stream) const {
        return data + static_cast<size_t>(position) * to_position + static_cast<size_t>(head) * to_head +
               static_cast<size_t>(stream) * to_stream;
    }
};

/** What is to be computed, as ggml_flash_attn_ext() says it. */
struct Problem {
    const ggml_tensor *op;
    const ggml_tensor *mask;
    const float *sinks;
    const ggml_tensor *positions; // of cells, or null if they lie in order

    int64_t key_size, value_size, queries, heads, streams, cells, key_heads;
    int64_t sharing; // heads that share a head of keys
    int tile_heads;  // of these, at once
    int tile_queries;
    int64_t words; // of bits for all cells

    ToFloats read_key, read_value;
    float scale, max_bias, softcap;

    explicit Problem(const ggml_tensor *of)
        : op(of), mask(of->src[3]), sinks(of->src[4] ? static_cast<const float *>(of->src[4]->data) : nullptr),
          positions(of->src[5]), key_size(of->src[1]->ne[0]), value_size(of->src[2]->ne[0]), queries(of->src[0]->ne[1]),
          heads(of->src[0]->ne[2]), streams(of->src[0]->ne[3]), cells(of->src[1]->ne[1]), key_heads(of->src[1]->ne[2]),
          sharing(heads / key_heads), tile_heads(static_cast<int>(std::min<int64_t>(sharing, max_tile_rows))),
          tile_queries(static_cast<int>(std::min<int64_t>(max_tile_rows / tile_heads, queries))),
          words((cells + cells_in_bits - 1) / cells_in_bits), read_key(reader_of(of->src[1]->type)),
          read_value(reader_of(of->src[2]->type)) {
        std::memcpy(&scale, of->op_params, sizeof(float));
        std::memcpy(&max_bias, of->op_params + 1, sizeof(float));
        std::memcpy(&softcap, of->op_params + 2, sizeof(float));
        if (softcap != 0.0F) {
            scale /= softcap;
        }
    }

    bool is_ours() const {
        const ggml_tensor *query = op->src[0];
        const ggml_tensor *keys = op->src[1];
        const ggml_tensor *values = op->src[2];
        return query->type == GGML_TYPE_F32 && query->nb[0] == sizeof(float) && read_key && read_value &&
               keys->nb[0] == ggml_type_size(keys->type) && values->nb[0] == ggml_type_size(values->type) &&
               values->ne[2] == key_heads && values->ne[3] == keys->ne[3] && heads % key_heads == 0 &&
               streams % keys->ne[3] == 0 &&
               (!mask || (mask->type == GGML_TYPE_F16 && mask->ne[2] == 1 && streams % mask->ne[3] == 0)) &&
               (!positions || (positions->type == GGML_TYPE_I32 && ggml_is_contiguous(positions) &&
                               positions->ne[0] == cells && positions->ne[1] == keys->ne[3]));
    }

    /** ALiBi (Press 2021, arXiv:2108.12409): what a head multiplies the mask by. */
    float slope_of(int64_t head) const {
        if (max_bias <= 0.0F) {
            return 1.0F;
        }
        const auto below = static_cast<int64_t>(1) << static_cast<int>(std::log2(static_cast<double>(heads)));
        const auto of_all = static_cast<float>(below);
        return head < below
                   ? std::pow(std::exp2(-max_bias / of_all), static_cast<float>(head + 1))
                   : std::pow(std::exp2(-max_bias / 2.0F / of_all), static_cast<float>(2 * (head - below) + 1));
    }

    int64_t key_streams() const { return op->src[1]->ne[3]; }

    const int32_t *positions_of(int64_t key_stream) const {
        return static_cast<const int32_t *>(positions->data) + key_stream * cells;
    }

    const ggml_fp16_t *mask_of(int64_t query, int64_t stream) const {
        return reinterpret_cast<const ggml_fp16_t *>(Heads::of(mask).at(query, 0, stream % mask->ne[3]));
    }
};

} // namespace llmodel::kernels::attention
