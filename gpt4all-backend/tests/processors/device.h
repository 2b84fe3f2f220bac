#pragma once

#include "ggml-backend.h"

#include <string>
#include <vector>

namespace products {

/** The processor as one backend computes on it. */
class Device {
  public:
    /** Of the module in this file, or without one of what is built in. `unchecked`: even where the module says that it
     *  cannot run here. Throws std::runtime_error. */
    Device(const std::string &module, bool unchecked);

    /** The memory that weights may lie in: the plain one, then those that change their order (repacked, AMX). */
    std::vector<ggml_backend_buffer_type_t> buffer_types() const;

    ggml_backend_dev_t device() const { return device_; }
    ggml_backend_t backend() const { return backend_; }
    void set_threads(int count);

  private:
    ggml_backend_dev_t device_ = nullptr;
    ggml_backend_t backend_ = nullptr; // to the end of the program
};

} // namespace products
