#pragma once

// A few rows of inputs times one or two panels.
//
// A sum has one order: that of the groups of columns, whatever else is computed. So it does not matter for a result how
// many inputs there are.

#include "kernels/products/activations.h"
#include "kernels/products/unpack.h"

#include <array>
#include <utility>

#ifdef LLMODEL_HAS_PRODUCTS

namespace llmodel::kernels::products {

// As many sums as the registers hold.
#if defined(__AVX512F__) && !defined(LLMODEL_VNNI)
constexpr int tile_panels = 2;
constexpr int tile_inputs = 4;
constexpr int packed_inputs = 6;
#elif defined(__AVX512F__)
constexpr int tile_panels = 2;
constexpr int tile_inputs = 6;
constexpr int packed_inputs = 8;
#elif defined(__AVX2__)
constexpr int tile_panels = 1;
constexpr int tile_inputs = 2;
constexpr int packed_inputs = 2;
#else
constexpr int tile_panels = 1;
constexpr int tile_inputs = 3;
constexpr int packed_inputs = 3;
#endif
constexpr int tile_rows = tile_panels * panel_rows;

/** Weights as unpacked chunks have them, of as many panels as a tile has. */
template<Kind kind> struct UnpackedWeights {
    static constexpr int vectors = tile_panels * panel_vectors;
    const Chunk *chunks;

    template<int quad> Bytes quants(int group, int vector) const {
        return load_bytes(chunks[vector / panel_vectors].quants[static_cast<size_t>(group)].data() +
                          quad * vector_bytes + vector % panel_vectors * lanes * 4);
    }
    struct Scales {
        const Chunk *chunks;
        int group;

        Floats scale(int part, int vector) const {
            return load(chunks[vector / panel_vectors]
                            .scales[static_cast<size_t>(group * kind.scales_per_group() + part)]
                            .data() +
                        vector % panel_vectors * lanes);
        }
        Floats minimum(int vector) const {
            return load(chunks[vector / panel_vectors].minimums[static_cast<size_t>(group)].data() +
                        vector % panel_vectors * lanes);
        }
    };
    Scales scales(int group) const { return {chunks, group}; }
};

/** How far ahead weights are asked for: from memory into a far cache, and from there into the nearest. */
constexpr int prefetched_bytes = 4096;
constexpr int near_bytes = 1024;
constexpr int heads_share = 8; // of what is read: about that

/** What is read once, from one end to the other. */
inline void prefetch_stream(const uint8_t *at, int divisor = 1) {
    __builtin_prefetch(at + prefetched_bytes / divisor, 0, 2);
    __builtin_prefetch(at + near_bytes / divisor, 0, 3);
}

/** Weights of one panel as they lie in memory, which are read once. */
template<Format format> struct PackedWeights {
    static constexpr int vectors = panel_vectors;
    Panel panel;
    int64_t first_group;

    template<int quad> Bytes quants(int group, int vector) const {
        return detail::quants_of<format, quad>(panel.quants + (first_group + group) * format.group_bytes(), vector);
    }
    struct Scales {
        Head<format> head;

        Floats scale(int part, int vector) const { return head.scales[part].part[vector]; }
        Floats minimum(int vector) const { return head.minimums.part[vector]; }
    };
    Scales scales(int group) const {
        const int64_t at = first_group + group;
        for (int line = 0; line < format.group_bytes(); line += 64) {
            prefetch_stream(panel.quants + at * format.group_bytes() + line);
        }
        prefetch_stream(panel.heads + at / format.block_groups() * format.head_bytes, heads_share);
        return {head_of<format>(panel.heads, first_group + group)};
    }
};

// Sums of an input are `tile_rows` numbers behind those of the one before.

/** Adds the products of `groups` groups of columns to the sums of the inputs from `first_input` on. */
template<Kind kind, int inputs, typename Weights>
void multiply_tile(const Weights &weights, const ActivationChunk<kind> *activations, int groups, float *all_sums) {
    constexpr int vectors = Weights::vectors;
    constexpr bool by_group = kind.activation_scale == group_columns;
    constexpr int parts = kind.scales_per_group();

    Floats sums[inputs][vectors];
    for (int input = 0; input < inputs; ++input) {
        for (int vector = 0; vector < vectors; ++vector) {
            sums[input][vector] = by_group ? load(all_sums + input * tile_rows + vector * lanes) : Floats{};
        }
    }
    for (int group = 0; group < groups; ++group) {
        const auto at = static_cast<size_t>(group);
        const auto scales = weights.scales(group);
        detail::for_each(
            std::make_integer_sequence<int, parts>(), [&]<int part>() __attribute__((always_inline)) {
                Dot<kind> dots[inputs][vectors];
                for (int input = 0; input < inputs; ++input) {
                    const int32_t correction = activations[input].corrections[at * parts + part];
                    for (int vector = 0; vector < vectors; ++vector) {
                        dots[input][vector].start(correction);
                    }
                }
                detail::for_each(
                    std::make_integer_sequence<int, quads / parts>(), [&]<int number>() __attribute__((always_inline)) {
                        constexpr int quad = part * quads / parts + number;
                        Bytes quants[vectors];
                        for (int vector = 0; vector < vectors; ++vector) {
                            quants[vector] = weights.template quants<quad>(group, vector);
                        }
                        for (int input = 0; input < inputs; ++input) {
                            const Bytes factors =
                                broadcast_quad(activations[input].quants.data() + at * group_columns + 4 * quad);
                            for (int vector = 0; vector < vectors; ++vector) {
                                dots[input][vector].add(quants[vector], factors);
                            }
                        }
                    });
                for (int vector = 0; vector < vectors; ++vector) {
                    const Floats scale = scales.scale(part, vector);
                    for (int input = 0; input < inputs; ++input) {
                        Floats dot = __builtin_convertvector(dots[input][vector].sum(), Floats);
                        if constexpr (by_group) {
                            dot *= broadcast(activations[input].scales[at]);
                        }
                        sums[input][vector] = multiply_add(dot, scale, sums[input][vector]);
                    }
                }
            });
        if constexpr (kind.minimums) {
            for (int vector = 0; vector < vectors; ++vector) {
                const Floats minimum = scales.minimum(vector);
                for (int input = 0; input < inputs; ++input) {
                    sums[input][vector] =
                        multiply_add(broadcast(activations[input].weighted[at]), minimum, sums[input][vector]);
                }
            }
        }
    }
    for (int input = 0; input < inputs; ++input) {
        for (int vector = 0; vector < vectors; ++vector) {
            float *kept = all_sums + input * tile_rows + vector * lanes;
            if constexpr (by_group) {
                store(kept, sums[input][vector]);
            } else {
                const Floats scale = broadcast(activations[input].scales[0]);
                store(kept, multiply_add(sums[input][vector], scale, load(kept)));
            }
        }
    }
}

namespace detail {

template<Kind kind, typename Weights>
using Tile = void (*)(const Weights &, const ActivationChunk<kind> *, int, float *);

template<Kind kind, typename Weights, int... inputs>
constexpr std::array<Tile<kind, Weights>, sizeof...(inputs)> tiles_of(std::integer_sequence<int, inputs...>) {
    return {multiply_tile<kind, inputs + 1, Weights>...};
}

/** As many inputs at a time as registers have sums for. */
template<Kind kind, int most, typename Weights>
void multiply_inputs(const Weights &weights, const ActivationChunk<kind> *activations, int inputs, int groups,
                     float *sums) {
    static constexpr auto tiles = tiles_of<kind, Weights>(std::make_integer_sequence<int, most>());
    for (int input = 0; input < inputs;) {
        // equal heights rather than a low one at the end
        const int passes = (inputs - input + most - 1) / most;
        const int height = (inputs - input + passes - 1) / passes;
        tiles[static_cast<size_t>(height - 1)](weights, activations + input, groups,
                                               sums + static_cast<ptrdiff_t>(input) * tile_rows);
        input += height;
    }
}

} // namespace detail

/** Products of the chunks of a tile's panels. */
template<Kind kind>
void multiply_chunks(const Chunk *chunks, const ActivationChunk<kind> *activations, int inputs, int groups,
                     float *sums) {
    detail::multiply_inputs<kind, tile_inputs>(UnpackedWeights<kind>{chunks}, activations, inputs, groups, sums);
}

/** Products of a panel with at most `packed_inputs` inputs: all that is read of it is multiplied at once. */
template<Format format>
void multiply_panel(const Panel &panel, const Activations<kind_of<format>()> &activations, int64_t first_input,
                    int inputs, int64_t groups, float *sums) {
    for (int64_t group = 0; group < groups; group += chunk_groups) {
        detail::multiply_inputs<kind_of<format>(), packed_inputs>(
            PackedWeights<format>{panel, group}, activations.at(group / chunk_groups, first_input), inputs,
            static_cast<int>(std::min<int64_t>(chunk_groups, groups - group)), sums);
    }
}

} // namespace llmodel::kernels::products

#endif
