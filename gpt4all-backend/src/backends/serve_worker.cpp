#include "backends/serve_worker.h"

#include "backends/backend.h"
#include "backends/workers.h"
#include "ggml-rpc.h"
#include "llama/abort_guard.h"
#include "llama/logging.h"
#include "options/parts.h"
#include "platform/machine.h"
#include "platform/socket.h"
#include "threads/thread_governor.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace llmodel {

namespace {

using namespace std::chrono_literals;

constexpr auto tick = 100ms;

// Whoever connects has this long to say a first word.
constexpr auto greeting_time = 10s;

// Each has a thread and, on the CPU, as many more while it computes.
constexpr size_t most_connections = 16;

/** How much models may take of the devices, all of them together. */
class Memory {
  public:
    Memory(std::vector<ggml_backend_dev_t> devices, uint64_t limit) : devices_(std::move(devices)), limit_(limit) {
        if (limit_ == 0) {
            for (ggml_backend_dev_t device : devices_) {
                limit_ += free_of(device);
            }
        }
    }

    /** As ggml_backend_rpc_memory_t. */
    int64_t change(uint32_t device, int64_t bytes) {
        const std::lock_guard lock(mutex_);
        if (bytes > left(device)) {
            return -1;
        }
        used_ += bytes;
        return left(device);
    }

    uint64_t limit() const { return limit_; }

  private:
    static uint64_t free_of(ggml_backend_dev_t device) {
        if (ggml_backend_dev_type(device) == GGML_BACKEND_DEVICE_TYPE_CPU) {
            return host_memory().available;
        }
        size_t free = 0;
        size_t total = 0;
        ggml_backend_dev_memory(device, &free, &total);
        return free;
    }

    int64_t left(uint32_t device) const {
        return std::min(static_cast<int64_t>(limit_) - used_, static_cast<int64_t>(free_of(devices_.at(device))));
    }

    std::mutex mutex_;
    std::vector<ggml_backend_dev_t> devices_;
    uint64_t limit_;
    int64_t used_ = 0;
};

/** What is offered to models. */
struct Offer {
    std::vector<ggml_backend_dev_t> devices;
    std::string cache_dir;
    size_t threads = 1;
    Memory &memory;
};

/** One model's connection, served on a thread of its own. */
class Connection {
  public:
    Connection(Socket socket, Offer &offer) : socket_(std::move(socket)), thread_([this, &offer] { serve(offer); }) {}
    ~Connection() {
        socket_.shut_down();
        thread_.join();
    }
    Connection(const Connection &) = delete;
    Connection &operator=(const Connection &) = delete;

    const std::string &peer() const { return socket_.peer(); }

    bool ended() const { return ended_; }

    /** True once, when it has said anything but the question whether this worker is there, which closing it answers. */
    bool take_greeting() { return spoke_ && !std::exchange(greeted_, true); }
    bool greeted() const { return greeted_; }

  private:
    void serve(Offer &offer) {
        try {
            const AbortGuard guard; // an assertion, most likely about what was sent, ends the connection
            const AdaptiveThreads threads(true);
            const auto first = socket_.first_byte_within(greeting_time);
            if (first && *first != GGML_BACKEND_RPC_PROBE) {
                spoke_ = true;
                rpc_function<decltype(ggml_backend_rpc_serve)>("ggml_backend_rpc_serve")(
                    socket_.duplicate(), offer.cache_dir.empty() ? nullptr : offer.cache_dir.c_str(), offer.threads,
                    offer.devices.size(), offer.devices.data(),
                    [](uint32_t device, int64_t bytes, void *memory) {
                        return static_cast<Memory *>(memory)->change(device, bytes);
                    },
                    &offer.memory);
            }
        } catch (const std::exception &error) {
            log_message(LLMODEL_LOG_ERROR, "the connection with " + peer() + " was ended: " + error.what());
        }
        socket_.shut_down();
        ended_ = true;
    }

    Socket socket_;
    std::atomic<bool> spoke_ = false;
    bool greeted_ = false;
    std::atomic<bool> ended_ = false;
    std::thread thread_; // last: it uses the others
};

std::vector<ggml_backend_dev_t> offered_devices(const OptionReader &reader) {
    std::vector<ggml_backend_dev_t> devices = options::read_devices(reader, "device");
    std::erase(devices, nullptr);
    if (!reader.has("device") || reader.at("device") == "auto") {
        for (size_t i = 0; i < ggml_backend_dev_count(); ++i) {
            if (ggml_backend_dev_type(ggml_backend_dev_get(i)) == GGML_BACKEND_DEVICE_TYPE_GPU) {
                devices.push_back(ggml_backend_dev_get(i));
            }
        }
    }
    if (devices.empty()) {
        devices.push_back(ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU));
    }
    return devices;
}

/** The address to listen on. Throws Error for one that strangers may reach, unless that is wanted. */
std::string address_to_listen_on(const OptionReader &reader) {
    std::string host = "127.0.0.1";
    bool any_address = false;
    reader.get("host", host);
    reader.get("any_address", any_address);
    const auto address = resolve_ipv4(host);
    if (!address) {
        reader.fail("host", "\"" + host + "\" has no IPv4 address");
    }
    if (!any_address && !is_loopback_or_private(*address)) {
        reader.fail("host", "\"" + host +
                                "\" is neither this machine alone nor an address of a private network, and a worker "
                                "has no password and no encryption; name a private address, or set any_address if a "
                                "firewall keeps strangers out");
    }
    return *address;
}

void make_cache(const OptionReader &reader, const std::string &folder) {
    std::error_code failure;
    if (!folder.empty() && (std::filesystem::create_directories(folder, failure), failure)) {
        throw Error(LLMODEL_IO, folder + ": the folder cannot be made: " + failure.message(),
                    {{"path", reader.path("cache_dir")}});
    }
}

json describe(const Offer &offer, const std::string &address, uint16_t port) {
    json devices = json::array();
    for (ggml_backend_dev_t device : offer.devices) {
        devices.push_back(
            {{"name", ggml_backend_dev_name(device)}, {"description", ggml_backend_dev_description(device)}});
    }
    return {{"event", "listening"},          {"host", address},          {"port", port},
            {"devices", std::move(devices)}, {"threads", offer.threads}, {"memory", offer.memory.limit()}};
}

} // namespace

void serve_worker(const json &options, const WorkerNotify &notify) {
    ensure_backend();
    rpc_backend();
    const AbortGuard guard;
    const OptionReader reader(options, "");
    uint16_t port = 50052;
    int32_t threads = 0;
    uint64_t limit = 0;
    std::string cache_dir;
    reader.get("port", port);
    reader.get("threads", threads);
    reader.get("memory", limit);
    reader.get("cache_dir", cache_dir);
    make_cache(reader, cache_dir);
    const std::string address = address_to_listen_on(reader);

    const std::vector<ggml_backend_dev_t> devices = offered_devices(reader);
    Memory memory(devices, limit);
    Offer offer{.devices = devices,
                .cache_dir = cache_dir,
                .threads = static_cast<size_t>(threads > 0 ? threads : cpu_counts().threads),
                .memory = memory};

    std::string reason;
    const Socket listener = Socket::listen_on(address, port, reason);
    if (!listener) {
        throw Error(LLMODEL_IO,
                    "cannot listen on " + address + ":" + std::to_string(port) + ": " + reason +
                        "; choose an address of this machine, and a port that is free",
                    {{"host", address}, {"port", port}});
    }
    log_message(LLMODEL_LOG_WARN, "the worker on " + address + ":" + std::to_string(listener.port()) +
                                      " has no password and no encryption: whoever can connect can use this machine");

    std::list<Connection> connections; // which end before what they use
    bool go_on = notify(describe(offer, address, listener.port()));
    while (go_on) {
        Socket accepted = listener.accept_within(tick);
        go_on = notify(nullptr);
        if (accepted && connections.size() < most_connections) {
            connections.emplace_back(std::move(accepted), offer);
        }
        for (auto each = connections.begin(); each != connections.end();) {
            const std::string peer = each->peer();
            const bool ended = each->ended(); // first: what it said is known by then
            if (each->take_greeting()) {
                go_on = notify({{"event", "connected"}, {"peer", peer}}) && go_on;
            }
            const bool greeted = each->greeted();
            each = ended ? connections.erase(each) : std::next(each);
            if (ended && greeted) {
                go_on = notify({{"event", "disconnected"}, {"peer", peer}}) && go_on;
            }
        }
    }
}

} // namespace llmodel
