#include "backends/buffer_types.h"

namespace llmodel {

bool has_extra_buffer_type(ggml_backend_dev_t device, std::string_view name) {
    auto *list = reinterpret_cast<ggml_backend_dev_get_extra_bufts_t>(
        ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(device), "ggml_backend_dev_get_extra_bufts"));
    ggml_backend_buffer_type_t *type = list == nullptr ? nullptr : list(device);
    for (; type != nullptr && *type != nullptr; ++type) {
        if (name == ggml_backend_buft_name(*type)) {
            return true;
        }
    }
    return false;
}

} // namespace llmodel
