#include "device.h"

#include <dlfcn.h>
#include <stdexcept>

namespace products {

namespace {

void say_nothing(ggml_log_level /*level*/, const char * /*text*/, void * /*user*/) {}

ggml_backend_reg_t load(const std::string &path, bool unchecked) {
    void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        throw std::runtime_error(dlerror());
    }
    auto *score = reinterpret_cast<int (*)()>(dlsym(handle, "ggml_backend_score"));
    auto *init = reinterpret_cast<ggml_backend_reg_t (*)()>(dlsym(handle, "ggml_backend_init"));
    if (init == nullptr) {
        throw std::runtime_error(path + " is no backend");
    }
    if (!unchecked && score != nullptr && score() <= 0) {
        throw std::runtime_error("this processor lacks instructions that " + path + " needs");
    }
    if (auto *set_log = reinterpret_cast<decltype(ggml_log_set) *>(dlsym(handle, "ggml_log_set")); set_log != nullptr) {
        set_log(say_nothing, nullptr); // a module has a logger of its own
    }
    return init();
}

} // namespace

Device::Device(const std::string &module, bool unchecked) {
    ggml_log_set(say_nothing, nullptr);
    if (module.empty()) {
        device_ = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    } else if (ggml_backend_reg_t registered = load(module, unchecked); registered != nullptr) {
        device_ = ggml_backend_reg_dev_get(registered, 0);
    }
    backend_ = device_ == nullptr ? nullptr : ggml_backend_dev_init(device_, nullptr);
    if (backend_ == nullptr) {
        throw std::runtime_error("there is no backend for the processor");
    }
}

std::vector<ggml_backend_buffer_type_t> Device::buffer_types() const {
    std::vector<ggml_backend_buffer_type_t> types{ggml_backend_dev_buffer_type(device_)};
    auto *extra = reinterpret_cast<ggml_backend_dev_get_extra_bufts_t>(
        ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(device_), "ggml_backend_dev_get_extra_bufts"));
    if (extra != nullptr) {
        for (ggml_backend_buffer_type_t *type = extra(device_); type != nullptr && *type != nullptr; ++type) {
            types.push_back(*type);
        }
    }
    return types;
}

void Device::set_threads(int count) {
    auto *set = reinterpret_cast<ggml_backend_set_n_threads_t>(
        ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(device_), "ggml_backend_set_n_threads"));
    if (set != nullptr) {
        set(backend_, count);
    }
}

} // namespace products
