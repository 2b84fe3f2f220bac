#pragma once

#include "common.h"
#include "ggml-backend.h"
#include "gguf/gguf_file.h"
#include "llama.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace llmodel {

/** Bytes of one device. */
struct MemoryUsage {
    ggml_backend_dev_t device = nullptr;
    uint64_t weights = 0;
    uint64_t context = 0;
    uint64_t compute = 0;
    uint64_t other = 0;

    uint64_t total() const { return weights + context + compute + other; }
};

/** What a model with its context, and others beside it, takes; the first device is the host. */
struct MemoryPlan {
    std::vector<MemoryUsage> devices;
    uint64_t reclaimable = 0; // of the host's weights

    MemoryUsage &of(ggml_backend_dev_t device);
    MemoryUsage &host() { return devices.front(); }
    uint64_t total() const;
    void add(const MemoryPlan &other);
};

/** Has llama.cpp lay out the model and its context without taking the memory. Nothing if it can't. `own_weights`:
 * whether the context's weights are its own, not those of a model that is counted already. */
std::optional<MemoryPlan> lay_out(common_params params, const GgufFile &file, llama_context_type type,
                                  bool own_weights);

/** By the formulas for a transformer, all on the host: for what this llama.cpp cannot lay out. */
MemoryPlan plan_by_formula(const common_params &params, const GgufFile &file);

} // namespace llmodel
