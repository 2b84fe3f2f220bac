#pragma once

#include "error.h"
#include "ggml-backend.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

struct ggml_backend_rpc_connection;

namespace llmodel {

/** The connections of one model to devices of other machines, through llama.cpp's RPC. */
class Workers {
  public:
    /** Connects to each of `names` (`host:port`), which count as lost after `timeout` without a sign of life. Throws
     *  Error: LLMODEL_INVALID_ARGUMENT for what is no such name, LLMODEL_IO if a worker cannot be reached or does not
     *  answer, LLMODEL_UNSUPPORTED if it is none, or one of another version. */
    Workers(const std::vector<std::string> &names, std::chrono::seconds timeout);

    const std::vector<ggml_backend_dev_t> &devices() const { return devices_; }

    /** Throws Error(LLMODEL_IO) if one was lost since: what it had of the model and its context is gone. */
    void throw_if_lost() const;

    /** That error if a worker was lost, otherwise `error`, which is not for that reason then. */
    Error explain(const Error &error) const;

  private:
    struct Connection {
        std::string name;
        std::shared_ptr<ggml_backend_rpc_connection> held;
    };

    void connect(const std::string &name, std::chrono::milliseconds timeout);
    const Connection *find_lost() const;

    std::vector<Connection> connections_;
    std::vector<ggml_backend_dev_t> devices_;
};

/** The RPC backend. Throws Error(LLMODEL_UNSUPPORTED) if its module is missing. */
ggml_backend_reg_t rpc_backend();

/** A function of the RPC backend, which may be a module. */
template<typename Function> Function *rpc_function(const char *name) {
    return reinterpret_cast<Function *>(ggml_backend_reg_get_proc_address(rpc_backend(), name));
}

/** What users know a device by: for a worker's, "host:port", and "host:port/1" for its second. */
std::string device_label(ggml_backend_dev_t device);

/** Whether it is a worker's. */
bool is_remote(ggml_backend_dev_t device);

/** The device of that label, nullptr if there is none. */
ggml_backend_dev_t find_device(const std::string &label);

} // namespace llmodel
