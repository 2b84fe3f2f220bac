#include "backends/workers.h"

#include "backends/backend.h"
#include "ggml-rpc.h"
#include "platform/socket.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <mutex>
#include <string_view>

namespace llmodel {

namespace {

/** Devices of workers are not in ggml's registry: models that do not name a worker would be spread over it too. */
class KnownDevices {
  public:
    void add(std::string label, ggml_backend_dev_t device) {
        const std::lock_guard lock(mutex_);
        by_label_.emplace(std::move(label), device);
    }

    ggml_backend_dev_t find(const std::string &label) {
        const std::lock_guard lock(mutex_);
        const auto found = by_label_.find(label);
        return found == by_label_.end() ? nullptr : found->second;
    }

    std::string label_of(ggml_backend_dev_t device) {
        const std::lock_guard lock(mutex_);
        const auto found = std::ranges::find(by_label_, device, [](const auto &each) { return each.second; });
        return found == by_label_.end() ? ggml_backend_dev_name(device) : found->first;
    }

  private:
    std::mutex mutex_;
    std::map<std::string, ggml_backend_dev_t> by_label_;
};

KnownDevices &known_devices() {
    static KnownDevices known;
    return known;
}

struct Endpoint {
    std::string host;
    uint16_t port = 0;
};

Endpoint parse_endpoint(const std::string &name) {
    const size_t colon = name.find(':');
    Endpoint endpoint{.host = name.substr(0, colon), .port = 0};
    if (colon != std::string::npos) {
        const std::string_view digits = std::string_view(name).substr(colon + 1);
        const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
        if (failure != std::errc() || end != digits.data() + digits.size()) {
            endpoint.port = 0;
        }
    }
    if (endpoint.host.empty() || endpoint.port == 0) {
        throw Error(LLMODEL_INVALID_ARGUMENT,
                    "the option /workers: \"" + name +
                        "\" is no worker: name one as host:port, with a name or an IPv4 address, such as "
                        "192.168.1.20:50052",
                    {{"path", "/workers"}, {"worker", name}});
    }
    return endpoint;
}

ggml_backend_rpc_status status_of(ggml_backend_rpc_connection *connection, uint8_t *version) {
    static auto *const status =
        rpc_function<decltype(ggml_backend_rpc_connection_status)>("ggml_backend_rpc_connection_status");
    return status(connection, version);
}

Error unusable(llmodel_status status, const std::string &name, const std::string &what) {
    return Error(status, "the worker " + name + " " + what, {{"worker", name}});
}

Error connection_error(ggml_backend_rpc_status status, const std::string &name, const std::array<uint8_t, 3> &version) {
    constexpr auto own = RPC_PROTO_MAJOR_VERSION;
    switch (status) {
    case GGML_BACKEND_RPC_STATUS_OTHER_VERSION:
        return unusable(LLMODEL_UNSUPPORTED, name,
                        "speaks version " + std::to_string(version[0]) + "." + std::to_string(version[1]) +
                            " of the protocol, and this library version " + std::to_string(own) + "." +
                            std::to_string(RPC_PROTO_MINOR_VERSION) + ": use the same release on all machines");
    case GGML_BACKEND_RPC_STATUS_NO_SERVER:
        return unusable(
            LLMODEL_UNSUPPORTED, name,
            "does not answer as one: it is another program, a worker of an older release, or serves as many "
            "programs as it can; start one there with \"gpt4all worker\"");
    case GGML_BACKEND_RPC_STATUS_SILENT:
    case GGML_BACKEND_RPC_STATUS_LOST:
        return unusable(LLMODEL_IO, name,
                        "does not answer: it is another program, or hangs; see that \"gpt4all worker\" runs there, and "
                        "start it again");
    default:
        return unusable(LLMODEL_IO, name,
                        "cannot be reached: start one there with \"gpt4all worker\", and check the address, the port "
                        "and the firewall");
    }
}

} // namespace

ggml_backend_reg_t rpc_backend() {
    ensure_backend();
    ggml_backend_reg_t found = ggml_backend_reg_by_name("RPC");
    if (found == nullptr) {
        throw Error(LLMODEL_UNSUPPORTED,
                    "this library's module for workers is missing or was refused; llmodel_devices() says why");
    }
    return found;
}

Workers::Workers(const std::vector<std::string> &names, std::chrono::seconds timeout) {
    for (const std::string &name : names) {
        connect(name, timeout);
    }
}

void Workers::connect(const std::string &name, std::chrono::milliseconds timeout) {
    const Endpoint endpoint = parse_endpoint(name);
    const auto address = resolve_ipv4(endpoint.host);
    if (!address) {
        throw unusable(LLMODEL_IO, name, "cannot be reached: " + endpoint.host + " has no IPv4 address");
    }
    const std::string numeric = *address + ":" + std::to_string(endpoint.port);

    const std::shared_ptr<ggml_backend_rpc_connection> held(
        rpc_function<decltype(ggml_backend_rpc_connect)>("ggml_backend_rpc_connect")(numeric.c_str(),
                                                                                     static_cast<int>(timeout.count())),
        rpc_function<decltype(ggml_backend_rpc_disconnect)>("ggml_backend_rpc_disconnect"));
    std::array<uint8_t, 3> version{};
    const auto check = [&] {
        if (const auto status = status_of(held.get(), version.data()); status != GGML_BACKEND_RPC_STATUS_OK) {
            throw connection_error(status, name, version);
        }
    };
    check();
    ggml_backend_reg_t server =
        rpc_function<decltype(ggml_backend_rpc_add_server)>("ggml_backend_rpc_add_server")(numeric.c_str());
    check();
    const size_t count = server == nullptr ? 0 : ggml_backend_reg_dev_count(server);
    if (count == 0) {
        throw unusable(LLMODEL_UNSUPPORTED, name, "does not answer as one: it has no devices");
    }
    for (size_t i = 0; i < count; ++i) {
        ggml_backend_dev_t device = ggml_backend_reg_dev_get(server, i);
        if (std::ranges::find(devices_, device) != devices_.end()) {
            throw Error(LLMODEL_INVALID_ARGUMENT, "the option /workers: " + name + " is there twice",
                        {{"path", "/workers"}, {"worker", name}});
        }
        known_devices().add(numeric + (i == 0 ? "" : "/" + std::to_string(i)), device);
        devices_.push_back(device);
    }
    connections_.push_back({.name = name, .held = held});
}

const Workers::Connection *Workers::find_lost() const {
    const auto found = std::ranges::find_if(connections_, [](const Connection &each) {
        return status_of(each.held.get(), nullptr) != GGML_BACKEND_RPC_STATUS_OK;
    });
    return found == connections_.end() ? nullptr : &*found;
}

void Workers::throw_if_lost() const {
    if (const Connection *lost = find_lost(); lost != nullptr) {
        throw Error(LLMODEL_IO,
                    "the worker " + lost->name +
                        " was lost, and with it its part of the model and of what it remembers: see that it runs, and "
                        "open the model again",
                    {{"worker", lost->name}, {"reopen", true}});
    }
}

Error Workers::explain(const Error &error) const {
    if (error.status() == LLMODEL_CANCELLED || error.status() == LLMODEL_CLOSED) {
        return error;
    }
    try {
        throw_if_lost();
    } catch (const Error &lost) {
        return lost;
    }
    return error;
}

std::string device_label(ggml_backend_dev_t device) {
    return known_devices().label_of(device);
}

bool is_remote(ggml_backend_dev_t device) {
    return known_devices().find(device_label(device)) == device;
}

ggml_backend_dev_t find_device(const std::string &label) {
    ggml_backend_dev_t device = ggml_backend_dev_by_name(label.c_str());
    return device != nullptr ? device : known_devices().find(label);
}

} // namespace llmodel
