#include "memory/estimate.h"
#include "memory/human_bytes.h"

#include <optional>
#include <string>

namespace llmodel {

namespace {

/** The longest context that fits into what is free of a device, if a shorter one helps at all. */
std::optional<uint64_t> fitting_n_ctx(const json &usage, uint64_t n_ctx, uint64_t needed, uint64_t available) {
    const uint64_t context = usage.at("context").get<uint64_t>();
    if (n_ctx == 0 || context < n_ctx || needed - context > available) {
        return std::nullopt;
    }
    const uint64_t fitting = (available - (needed - context)) / (context / n_ctx) / 256 * 256;
    return fitting >= 256 && fitting < n_ctx ? std::optional(fitting) : std::nullopt;
}

[[noreturn]] void refuse(const OpenOptions &options, const json &estimate, const json &usage, uint64_t needed,
                         uint64_t available, const std::string &limit) {
    const uint64_t n_ctx = estimate.value("n_ctx", uint64_t{0});
    json detail{{"needed", needed}, {"available", available}, {"estimate", estimate}};
    std::string advice;
    if (const auto fitting = fitting_n_ctx(usage, n_ctx, needed, available)) {
        detail["n_ctx"] = *fitting;
        advice = "open it with an n_ctx of " + std::to_string(*fitting) + " or less (it is " + std::to_string(n_ctx) +
                 "), or choose a smaller quantisation";
    } else {
        advice = "choose a smaller quantisation or a smaller model, or close other programs";
    }
    throw Error(LLMODEL_OUT_OF_MEMORY,
                options.params.model.path + " needs " + human_bytes(needed) + ", but " + limit + " " +
                    human_bytes(available) + "; " + advice,
                std::move(detail));
}

} // namespace

void check_memory_budget(const OpenOptions &options, const json &estimate) {
    const json &devices = estimate.at("devices");
    if (options.memory_budget) {
        const uint64_t total = estimate.at("total").get<uint64_t>();
        if (*options.memory_budget != 0 && total > *options.memory_budget) {
            refuse(options, estimate, devices.front(), total, *options.memory_budget, "the memory_budget is");
        }
        return;
    }
    uint64_t reclaimable = estimate.at("reclaimable").get<uint64_t>(); // the host, which comes first
    for (const json &usage : devices) {
        const uint64_t needed = usage.at("total").get<uint64_t>() - reclaimable;
        const uint64_t available = usage.at("free").get<uint64_t>();
        if (needed > available) {
            refuse(options, estimate, usage, needed, available,
                   "the free memory of " + usage.at("name").get<std::string>() + " is");
        }
        reclaimable = 0;
    }
}

} // namespace llmodel
