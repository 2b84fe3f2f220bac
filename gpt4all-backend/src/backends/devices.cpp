#include "backends/backend.h"
#include "backends/buffer_types.h"
#include "ggml-backend.h"
#include "llama/abort_guard.h"
#include "llama/texts.h"
#include "platform/machine.h"

namespace llmodel {

namespace {

const char *type_name(ggml_backend_dev_t device) {
    switch (ggml_backend_dev_type(device)) {
    case GGML_BACKEND_DEVICE_TYPE_CPU:
        return "cpu";
    case GGML_BACKEND_DEVICE_TYPE_GPU:
        return "gpu";
    case GGML_BACKEND_DEVICE_TYPE_IGPU:
        return "igpu";
    case GGML_BACKEND_DEVICE_TYPE_META:
        return "meta";
    default:
        return "accel";
    }
}

json describe_device(ggml_backend_dev_t device, const HostMemory &host) {
    size_t free = 0;
    size_t total = 0;
    ggml_backend_dev_memory(device, &free, &total);
    // ggml counts all of the machine's memory as free; an accelerator that reports none of its own uses the host's
    if (ggml_backend_dev_type(device) == GGML_BACKEND_DEVICE_TYPE_CPU || total == 0) {
        free = host.available;
        total = host.total;
    }
    return {{"name", ggml_backend_dev_name(device)},
            {"description", ggml_backend_dev_description(device)},
            {"type", type_name(device)},
            {"backend", ggml_backend_reg_name(ggml_backend_dev_backend_reg(device))},
            {"memory_total", total},
            {"memory_free", free}};
}

/** Whether weights can be laid out for AMX, which is not so where the operating system does not allow its use. */
bool uses_amx(ggml_backend_dev_t cpu) {
    return has_extra_buffer_type(cpu, "AMX");
}

/** The instruction sets that the processor's backend was built with and uses. */
json cpu_features() {
    json features = json::array();
    ggml_backend_dev_t cpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    if (cpu == nullptr) {
        return features;
    }
    auto *get = reinterpret_cast<ggml_backend_get_features_t>(
        ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(cpu), "ggml_backend_get_features"));
    if (get != nullptr) {
        for (const ggml_backend_feature *feature = get(ggml_backend_dev_backend_reg(cpu)); feature->name != nullptr;
             ++feature) {
            const std::string_view name = feature->name;
            if (std::string_view(feature->value) != "0" &&
                (!name.starts_with(llama_texts::amx_feature) || uses_amx(cpu))) {
                features.push_back(feature->name);
            }
        }
    }
    return features;
}

/** Which CPU module is in use, and whether it was asked for by name; null if there is neither. */
json cpu_module(const Backends &backends) {
    json told;
    for (const BackendModule &module : backends.modules) {
        if (module.loaded && module.name == "cpu" && !module.variant.empty()) {
            told["name"] = module.variant;
        }
    }
    if (backends.cpu_request) {
        told["requested"] = backends.cpu_request->name;
        told["requested_by"] = CpuModuleRequest::variable;
        told["unchecked"] = backends.cpu_request->unchecked;
    }
    if (backends.cpu_error) {
        told["error"] = backends.cpu_error->what();
    }
    return told;
}

} // namespace

json devices() {
    const Backends &backends = loaded_backends();
    const AbortGuard guard;
    const HostMemory host = host_memory();

    json result{{"devices", json::array()}, {"backends", json::array()}};
    for (size_t i = 0; i < ggml_backend_dev_count(); ++i) {
        result["devices"].push_back(describe_device(ggml_backend_dev_get(i), host));
    }

    size_t loaded = 0;
    for (const BackendModule &module : backends.modules) {
        json entry{{"name", module.name}, {"path", module.path.string()}, {"loaded", module.loaded}};
        if (!module.variant.empty()) {
            entry["variant"] = module.variant;
        }
        if (module.score) {
            entry["score"] = *module.score;
        }
        if (!module.reason.empty()) {
            entry["reason"] = module.reason;
        }
        loaded += module.loaded ? 1 : 0;
        result["backends"].push_back(std::move(entry));
    }
    // those that are built in were registered before any module
    const size_t built_in = ggml_backend_reg_count() - loaded;
    for (size_t i = 0; i < built_in; ++i) {
        result["backends"].push_back({{"name", ggml_backend_reg_name(ggml_backend_reg_get(i))}, {"loaded", true}});
    }

    const CpuCounts counts = cpu_counts();
    result["cpu"] = {{"features", cpu_features()},
                     {"threads_logical", counts.logical},
                     {"threads_physical", counts.physical},
                     {"threads_default", counts.threads}};
    if (json module = cpu_module(backends); !module.is_null()) {
        result["cpu"]["module"] = std::move(module);
    }
    result["memory"] = {{"total", host.total}, {"available", host.available}};
    return result;
}

} // namespace llmodel
