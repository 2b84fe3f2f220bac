#pragma once

#include "ggml-backend.h"

#include <string_view>

namespace llmodel {

/** Whether a device can have weights in buffers of a kind of its own, by name. */
bool has_extra_buffer_type(ggml_backend_dev_t device, std::string_view name);

} // namespace llmodel
