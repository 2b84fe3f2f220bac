#include "options/parts.h"
#include "platform/machine.h"

#include <iterator>
#include <string>

namespace llmodel::options {

namespace {

constexpr Names<llama_flash_attn_type, 3> flash_attention{{
    {"auto", LLAMA_FLASH_ATTN_TYPE_AUTO},
    {"on", LLAMA_FLASH_ATTN_TYPE_ENABLED},
    {"off", LLAMA_FLASH_ATTN_TYPE_DISABLED},
}};

constexpr Names<llama_split_mode, 4> split_modes{{
    {"none", LLAMA_SPLIT_MODE_NONE},
    {"layer", LLAMA_SPLIT_MODE_LAYER},
    {"row", LLAMA_SPLIT_MODE_ROW},
    {"tensor", LLAMA_SPLIT_MODE_TENSOR},
}};

constexpr Names<ggml_sched_priority, 4> priorities{{
    {"low", GGML_SCHED_PRIO_LOW},
    {"normal", GGML_SCHED_PRIO_NORMAL},
    {"medium", GGML_SCHED_PRIO_MEDIUM},
    {"high", GGML_SCHED_PRIO_HIGH},
}};

bool is_gpu(ggml_backend_dev_t device) {
    const enum ggml_backend_dev_type type = ggml_backend_dev_type(device);
    return type == GGML_BACKEND_DEVICE_TYPE_GPU || type == GGML_BACKEND_DEVICE_TYPE_IGPU;
}

json device_names() {
    json names = json::array();
    for (size_t i = 0; i < ggml_backend_dev_count(); ++i) {
        names.push_back(ggml_backend_dev_name(ggml_backend_dev_get(i)));
    }
    return names;
}

} // namespace

std::vector<ggml_backend_dev_t> read_devices(const OptionReader &reader, const char *key) {
    if (!reader.has(key)) {
        return {};
    }
    const json &value = reader.at(key);
    const auto names =
        value.is_array() ? value.get<std::vector<std::string>>() : std::vector<std::string>{value.get<std::string>()};
    if (names == std::vector<std::string>{"auto"}) {
        return {};
    }
    std::vector<ggml_backend_dev_t> devices;
    const auto add = [&devices](ggml_backend_dev_t device) {
        if (std::find(devices.begin(), devices.end(), device) == devices.end()) {
            devices.push_back(device);
        }
    };
    for (const std::string &name : names) {
        if (name == "gpu") {
            for (size_t i = 0; i < ggml_backend_dev_count(); ++i) {
                if (is_gpu(ggml_backend_dev_get(i))) {
                    add(ggml_backend_dev_get(i));
                }
            }
            if (devices.empty()) {
                reader.fail(key, "there is no GPU that this library can use; llmodel_devices() says why",
                            {{"devices", device_names()}});
            }
            continue;
        }
        if (name == "cpu") {
            continue; // it computes whatever no other device does
        }
        ggml_backend_dev_t device = ggml_backend_dev_by_name(name.c_str());
        if (device == nullptr || name == "auto") {
            reader.fail(key, "there is no device \"" + name + "\" here; the devices are " + device_names().dump(),
                        {{"devices", device_names()}});
        }
        if (ggml_backend_dev_type(device) != GGML_BACKEND_DEVICE_TYPE_CPU) {
            add(device);
        }
    }
    devices.push_back(nullptr);
    return devices;
}

namespace {

/** The workers' devices come first, as in llama.cpp; then those of this machine, all that there are if none is named.
 */
std::shared_ptr<const Workers> read_workers(const OptionReader &reader, std::vector<ggml_backend_dev_t> &devices) {
    if (!reader.has("workers") || reader.at("workers").empty()) {
        return nullptr;
    }
    int32_t timeout = 30;
    reader.get("worker_timeout", timeout);
    auto workers = std::make_shared<const Workers>(reader.at("workers").get<std::vector<std::string>>(),
                                                   std::chrono::seconds(timeout));
    if (devices.empty()) {
        for (const auto type : {GGML_BACKEND_DEVICE_TYPE_GPU, GGML_BACKEND_DEVICE_TYPE_IGPU}) {
            for (size_t i = 0; devices.empty() && i < ggml_backend_dev_count(); ++i) {
                if (ggml_backend_dev_type(ggml_backend_dev_get(i)) == type) {
                    devices.push_back(ggml_backend_dev_get(i));
                }
            }
        }
        devices.push_back(nullptr);
    }
    devices.insert(devices.begin(), workers->devices().begin(), workers->devices().end());
    if (devices.size() > llama_max_devices()) {
        reader.fail("workers",
                    "a model can be split over no more than " + std::to_string(llama_max_devices() - 1) + " devices");
    }
    return workers;
}

} // namespace

std::shared_ptr<const Workers> read_compute(const OptionReader &reader, common_params &params) {
    const CpuCounts cpus = cpu_counts();
    int32_t threads = 0;
    int32_t threads_batch = 0;
    reader.get("threads", threads);
    reader.get("threads_batch", threads_batch);
    params.cpuparams.n_threads = threads > 0 ? threads : cpus.threads;
    params.cpuparams_batch.n_threads = threads_batch > 0 ? threads_batch : params.cpuparams.n_threads;
    reader.get("priority", params.cpuparams.priority, priorities);
    params.cpuparams_batch.priority = params.cpuparams.priority;

    params.devices = read_devices(reader, "device");
    auto workers = read_workers(reader, params.devices);
    reader.get("n_gpu_layers", params.n_gpu_layers);
    if (params.devices.size() == 1) {
        params.n_gpu_layers = 0;
    }
    reader.get("split_mode", params.split_mode, split_modes);
    reader.get("main_gpu", params.main_gpu);
    if (reader.has("tensor_split")) {
        const auto parts = reader.at("tensor_split").get<std::vector<float>>();
        if (parts.size() > llama_max_devices()) {
            reader.fail("tensor_split", "there can be no more than " + std::to_string(llama_max_devices()) + " parts");
        }
        std::copy(parts.begin(), parts.end(), std::begin(params.tensor_split));
    }
    reader.get("flash_attn", params.flash_attn_type, flash_attention);

    bool on = true;
    reader.get("offload_kqv", on);
    params.no_kv_offload = !on;
    on = true;
    reader.get("op_offload", on);
    params.no_op_offload = !on;
    on = true;
    reader.get("repack", on);
    params.no_extra_bufts = !on;

    bool map = true;
    bool lock = false;
    reader.get("mmap", map);
    reader.get("mlock", lock);
    // of its own accord llama.cpp maps the file unless a device cannot read from a mapping
    params.load_mode = lock ? (map ? LLAMA_LOAD_MODE_MMAP_MLOCK : LLAMA_LOAD_MODE_MLOCK)
                            : (map ? LLAMA_LOAD_MODE_AUTO : LLAMA_LOAD_MODE_NONE);
    reader.get("check_tensors", params.check_tensors);
    return workers;
}

} // namespace llmodel::options
