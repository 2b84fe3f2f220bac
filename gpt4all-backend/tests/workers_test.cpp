#include "api_fixture.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <mutex>
#include <thread>

// llmodel_serve_worker() and the option `workers`, in one process: the worker is a thread, behind a socket all the
// same.

namespace {

using namespace api;
using namespace std::chrono_literals;
using testing::HasSubstr;

/** A worker on a port of its own, which ends with it. */
class Worker {
  public:
    explicit Worker(json options = json::object(), int port = 0) {
        options.update({{"port", port}, {"threads", 1}, {"device", "cpu"}});
        thread_ = std::thread([this, options] {
            llmodel_error *error = nullptr;
            const llmodel_status status = llmodel_serve_worker(options.dump().c_str(), notify, this, &error);
            const Failure failure = take(status, error);
            EXPECT_EQ(failure.status, LLMODEL_OK) << failure.message;
            const std::lock_guard lock(mutex_);
            ended_ = true;
            changed_.notify_all();
        });
        std::unique_lock lock(mutex_);
        EXPECT_TRUE(changed_.wait_for(lock, 30s, [this] { return port_ != 0 || ended_; }));
    }
    ~Worker() { stop(); }
    Worker(const Worker &) = delete;
    Worker &operator=(const Worker &) = delete;

    /** Ends all connections too. */
    void stop() {
        stopping_ = true;
        if (thread_.joinable()) {
            thread_.join();
        }
    }

    int port() const { return port_; }
    std::string name() const { return "127.0.0.1:" + std::to_string(port_); }

    bool has_seen(const std::string &event) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 30s, [&] {
            return std::ranges::any_of(events_, [&](const json &each) { return each.at("event") == event; });
        });
    }

  private:
    static int32_t notify(const char *event, void *user) {
        auto &worker = *static_cast<Worker *>(user);
        if (event != nullptr) {
            const json told = json::parse(event);
            expect_valid(told, "worker_event");
            const std::lock_guard lock(worker.mutex_);
            worker.events_.push_back(told);
            worker.port_ = told.value("port", worker.port_.load());
            worker.changed_.notify_all();
        }
        return worker.stopping_ ? 1 : 0;
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<json> events_;
    std::atomic<int> port_ = 0;
    std::atomic<bool> stopping_ = false;
    bool ended_ = false;
    std::thread thread_;
};

int loopback_socket(uint16_t port, bool connects) {
    const int made = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto *name = reinterpret_cast<const sockaddr *>(&address);
    EXPECT_EQ(connects ? connect(made, name, sizeof(address)) : bind(made, name, sizeof(address)), 0);
    return made;
}

/** A program that is no worker: one connection after the other gets `answer`, and is then closed or, if it is empty,
 *  left open. */
class OtherProgram {
  public:
    enum class Then : uint8_t { closes, stays };

    explicit OtherProgram(std::string answer, Then then = Then::closes)
        : listener_(loopback_socket(0, false)), answer_(std::move(answer)),
          closes_(!answer_.empty() && then == Then::closes) {
        listen(listener_, 4);
        socklen_t size = sizeof(address_);
        getsockname(listener_, reinterpret_cast<sockaddr *>(&address_), &size);
        thread_ = std::thread([this] {
            for (int client = accept(listener_, nullptr, nullptr); client >= 0;
                 client = accept(listener_, nullptr, nullptr)) {
                std::array<char, 64> asked{};
                EXPECT_GT(recv(client, asked.data(), asked.size(), 0), 0);
                send(client, answer_.data(), answer_.size(), MSG_NOSIGNAL);
                if (closes_) {
                    shutdown(client, SHUT_WR);
                }
                // closing with a part of the question unread would take the answer back
                while (recv(client, asked.data(), asked.size(), 0) > 0) {
                }
                close(client);
            }
        });
    }
    ~OtherProgram() {
        shutdown(listener_, SHUT_RDWR);
        thread_.join();
        close(listener_);
    }
    OtherProgram(const OtherProgram &) = delete;
    OtherProgram &operator=(const OtherProgram &) = delete;

    std::string name() const { return "127.0.0.1:" + std::to_string(ntohs(address_.sin_port)); }

  private:
    int listener_;
    std::string answer_;
    bool closes_;
    sockaddr_in address_{};
    std::thread thread_;
};

/** The answer to HELLO of a worker of some version of the protocol. */
std::string hello(char major, char minor) {
    std::string answer(8 + 28, '\0');
    answer[0] = 28;
    answer[8] = major;
    answer[9] = minor;
    return answer;
}

json split_over(const std::vector<std::string> &names, json options = json::object()) {
    options["workers"] = names;
    return options;
}

Failure refuse_worker(const std::string &name) {
    return refuse(model_path("tiny-llama-f32.gguf"), {{"workers", {name}}});
}

Failure serve(const json &options) {
    llmodel_error *error = nullptr;
    const auto stop = [](const char *, void *) -> int32_t { return 1; };
    const llmodel_status status = llmodel_serve_worker(options.dump().c_str(), stop, nullptr, &error);
    return take(status, error);
}

void expect_lost(const Failure &failure, const std::string &name) {
    EXPECT_EQ(failure.status, LLMODEL_IO) << failure.message;
    EXPECT_THAT(failure.message, HasSubstr("the worker " + name + " was lost"));
    EXPECT_EQ(failure.detail, (json{{"worker", name}, {"reopen", true}}));
}

TEST(Workers, AnswerTokenForTokenAsThisMachineDoes) {
    const Worker first;
    const Worker second;
    const std::string prompt = "the house is";
    const json request = complete(prompt, {{"max_tokens", 64}});
    const Answer alone = TinyLlama().run("complete", request);
    ASSERT_EQ(alone.status(), LLMODEL_OK) << alone.failure.message;
    for (const auto &names : {std::vector{first.name()}, std::vector{first.name(), second.name()}}) {
        const TinyLlama model(split_over(names));
        EXPECT_EQ(model.run("complete", request).text(), alone.text());
    }
}

TEST(Workers, HoldTheLayersAndSayWhatTheyTake) {
    const Worker first;
    const Worker second;
    const TinyLlama model(split_over({first.name(), second.name()}));
    const json devices = info(model.get()).value.at("memory").at("devices");
    EXPECT_FALSE(devices.front().contains("worker"));
    for (const std::string &name : {first.name(), second.name()}) {
        const auto usage = std::ranges::find_if(devices, [&](const json &each) { return each["name"] == name; });
        ASSERT_NE(usage, devices.end()) << devices;
        EXPECT_GT(usage->at("weights"), 0) << devices;
        EXPECT_GT(usage->at("free"), 0) << devices;
        EXPECT_TRUE(usage->at("worker").get<bool>());
    }
}

TEST(Workers, KeepOtherContextsApart) {
    const Worker worker;
    const TinyLlama model(split_over({worker.name()}));
    const TinyLlama alone;
    const json request = complete("the house is", {{"max_tokens", 32}});
    const std::string expected = alone.run("complete", request).text();
    const json scored = {{"context", "the house"}, {"continuations", {" is", " was"}}};
    const json score = alone.run("score", scored).result.at("continuations");

    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] { EXPECT_EQ(model.run("complete", request).text(), expected); });
        threads.emplace_back([&] {
            const Answer answer = model.run("score", scored);
            ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
            EXPECT_NEAR(answer.result.at("continuations")[0].at("logprob").get<double>(),
                        score[0].at("logprob").get<double>(), 1e-3);
        });
        threads.emplace_back([&] { expect_works(TinyLlama(split_over({worker.name()}))); });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
}

TEST(Workers, LostInTheMidstOfAnAnswerFailTheRequestAndNotTheProcess) {
    auto worker = std::make_unique<Worker>();
    const int port = worker->port();
    const std::string name = worker->name();
    const TinyLlama model(split_over({name}, {{"n_ctx", 16384}}));
    const Task task = model.start("complete", complete("the house is", {{"max_tokens", 16000}, {"ignore_eos", true}}));
    Event event;
    for (int i = 0; i < 20; ++i) {
        ASSERT_EQ(task.next(event).status, LLMODEL_OK);
    }
    worker.reset();
    expect_lost(task.finish().failure, name);
    expect_lost(model.run("complete", complete("more")).failure, name);
    expect_lost(model.run("score", {{"context", "the"}, {"continuations", {" house"}}}).failure, name);

    const TemporaryFolder folder;
    const Outcome saved = state(llmodel_save_state, model, folder.file("state"));
    expect_lost({.status = saved.status, .message = saved.message, .detail = saved.detail}, name);
    EXPECT_EQ(folder.files(), 0);

    const Worker back(json::object(), port);
    expect_lost(model.run("complete", complete("more")).failure, name); // what it knew is gone
    expect_works(TinyLlama(split_over({name})));
}

TEST(Workers, ThatCannotBeUsedAreNamed) {
    const int unused = loopback_socket(0, false); // bound, so that nobody else listens there
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    getsockname(unused, reinterpret_cast<sockaddr *>(&address), &size);
    const std::string closed = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    const OtherProgram garbage("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nServer: none of ours\r\n\r\n");
    const OtherProgram older(hello(3, 0));
    const OtherProgram newer(hello(7, 99));
    struct Case {
        std::string name;
        llmodel_status status;
        const char *message;
    };
    for (const Case &each : {Case{closed, LLMODEL_IO, "cannot be reached"},
                             Case{"no-such-host.invalid:50052", LLMODEL_IO, "has no IPv4 address"},
                             Case{garbage.name(), LLMODEL_UNSUPPORTED, "does not answer as one"},
                             Case{older.name(), LLMODEL_UNSUPPORTED, "speaks version 3.0"},
                             Case{newer.name(), LLMODEL_UNSUPPORTED, "speaks version 7.99"},
                             Case{"127.0.0.1", LLMODEL_INVALID_ARGUMENT, "is no worker"},
                             Case{"127.0.0.1:0", LLMODEL_INVALID_ARGUMENT, "is no worker"},
                             Case{"127.0.0.1:65536", LLMODEL_INVALID_ARGUMENT, "is no worker"},
                             Case{":50052", LLMODEL_INVALID_ARGUMENT, "is no worker"},
                             Case{"[::1]:50052", LLMODEL_INVALID_ARGUMENT, "is no worker"}}) {
        const auto start = std::chrono::steady_clock::now();
        const Failure failure = refuse_worker(each.name);
        EXPECT_EQ(failure.status, each.status) << failure.message;
        EXPECT_THAT(failure.message, HasSubstr(each.message));
        EXPECT_THAT(failure.message, HasSubstr(each.name));
        EXPECT_EQ(failure.detail.at("worker"), each.name);
        EXPECT_LT(std::chrono::steady_clock::now() - start, 8s) << each.name;
    }
    close(unused);
    expect_works(TinyLlama());
}

TEST(Workers, ThatNeverAnswerAreGivenUp) {
    const OtherProgram silent("");
    const auto start = std::chrono::steady_clock::now();
    const Failure failure =
        refuse(model_path("tiny-llama-f32.gguf"), split_over({silent.name()}, {{"worker_timeout", 1}}));
    EXPECT_EQ(failure.status, LLMODEL_IO) << failure.message;
    EXPECT_THAT(failure.message, HasSubstr("does not answer"));
    EXPECT_EQ(failure.detail.at("worker"), silent.name());
    EXPECT_LT(std::chrono::steady_clock::now() - start, 9s); // before the ten seconds that there are otherwise
}

TEST(Workers, ThatSayHelloAndNoMoreAreLost) {
    const OtherProgram stuck(hello(7, 0), OtherProgram::Then::stays);
    const Failure failure =
        refuse(model_path("tiny-llama-f32.gguf"), split_over({stuck.name()}, {{"worker_timeout", 1}}));
    EXPECT_EQ(failure.status, LLMODEL_IO) << failure.message;
    EXPECT_EQ(failure.detail.at("worker"), stuck.name());
}

TEST(Workers, MayNotBeGivenTwice) {
    const Worker worker;
    const Failure failure = refuse(model_path("tiny-llama-f32.gguf"), split_over({worker.name(), worker.name()}));
    EXPECT_EQ(failure.status, LLMODEL_INVALID_ARGUMENT) << failure.message;
}

TEST(Workers, GiveNoMoreMemoryThanTheyMay) {
    const Worker worker(json::object({{"memory", 200'000}}));
    const Failure failure = refuse(model_path("tiny-llama-f32.gguf"), split_over({worker.name()}, {{"n_ctx", 512}}));
    EXPECT_EQ(failure.status, LLMODEL_OUT_OF_MEMORY) << failure.message;
    const Failure unchecked =
        refuse(model_path("tiny-llama-f32.gguf"), split_over({worker.name()}, {{"n_ctx", 512}, {"memory_budget", 0}}));
    EXPECT_EQ(unchecked.status, LLMODEL_OUT_OF_MEMORY) << unchecked.message;
}

TEST(Workers, FreeWhatAModelTook) {
    const Worker worker(json::object({{"memory", 40'000'000}}));
    const auto free = [&] {
        const TinyLlama model(split_over({worker.name()}));
        return info(model.get()).value["memory"]["devices"].back().at("free").get<int64_t>();
    };
    const int64_t first = free();
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(free(), first);
    }
}

TEST(Workers, MakeTheirFolderForWeights) {
    const TemporaryFolder folder;
    const Worker worker(json::object({{"cache_dir", folder.file("cache")}}));
    EXPECT_TRUE(std::filesystem::is_directory(folder.file("cache")));
    expect_works(TinyLlama(split_over({worker.name()})));
}

TEST(Workers, OutliveGarbage) {
    Worker worker(json::object({{"memory", 40'000'000}}));
    const std::string greeting = std::string("\x0e\x18\0\0\0\0\0\0\0", 9) + std::string(24, '\0');
    const auto with_length = [&](char command, uint64_t length, const std::string &data) {
        std::string message = greeting + command;
        message.append(reinterpret_cast<const char *>(&length), sizeof(length));
        return message + data;
    };
    constexpr char alloc = 0;
    constexpr char set_tensor = 6;
    constexpr char compute = 10;
    constexpr char get_alloc_size = 13;
    std::string tensor(size_t{300} * 11, '\xff');
    for (const std::string &sent :
         {std::string(), std::string("GET / HTTP/1.1\r\n\r\n"), std::string(1 << 16, '\xff'),
          std::string("\x0e\xff\xff\xff\xff\xff\xff\xff\xff", 9), greeting, greeting + '\x7f',
          with_length(set_tensor, ~uint64_t{0}, "x"), with_length(set_tensor, uint64_t{1} << 40, "x"),
          with_length(set_tensor, 3, "abc"), with_length(compute, 8, std::string(8, '\xff')),
          with_length(compute, 8, std::string(8, '\0')), with_length(compute, ~uint64_t{0}, ""),
          with_length(alloc, 12, std::string(12, '\x7f')), with_length(get_alloc_size, tensor.size(), tensor)}) {
        const int client = loopback_socket(static_cast<uint16_t>(worker.port()), true);
        send(client, sent.data(), sent.size(), MSG_NOSIGNAL);
        shutdown(client, SHUT_WR);
        std::array<char, 256> ignored{};
        while (recv(client, ignored.data(), ignored.size(), 0) > 0) {
        }
        close(client);
    }
    EXPECT_TRUE(worker.has_seen("disconnected"));
    expect_works(TinyLlama(split_over({worker.name()})));
}

TEST(ServeWorker, ListensOnPrivateAddressesAlone) {
    EXPECT_EQ(serve({{"port", 0}}).status, LLMODEL_OK);
    EXPECT_EQ(serve({{"port", 0}, {"host", "localhost"}}).status, LLMODEL_OK);
    EXPECT_EQ(serve({{"port", 0}, {"host", "0.0.0.0"}, {"any_address", true}}).status, LLMODEL_OK);
    for (const char *host : {"0.0.0.0", "8.8.8.8", "172.32.0.1", "11.0.0.1", "::1", "no-such-host.invalid"}) {
        const Failure failure = serve({{"port", 0}, {"host", host}});
        EXPECT_EQ(failure.status, LLMODEL_INVALID_ARGUMENT) << host << ": " << failure.message;
        EXPECT_EQ(failure.detail.at("path"), "/host");
    }
}

TEST(ServeWorker, SaysWhyItCannotListen) {
    const Worker worker;
    const Failure taken = serve({{"port", worker.port()}});
    EXPECT_EQ(taken.status, LLMODEL_IO) << taken.message;
    EXPECT_THAT(taken.message, HasSubstr(worker.name()));
    const Failure elsewhere = serve({{"port", 0}, {"host", "10.255.255.254"}});
    EXPECT_EQ(elsewhere.status, LLMODEL_IO) << elsewhere.message;
}

TEST(ServeWorker, ChecksItsOptions) {
    llmodel_error *error = nullptr;
    const llmodel_status status = llmodel_serve_worker(nullptr, nullptr, nullptr, &error);
    EXPECT_EQ(take(status, error).status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(serve({{"port", 65536}}).status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(serve({{"hosts", "127.0.0.1"}}).status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(serve({{"device", "no such device"}}).status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(serve({{"port", 0}, {"cache_dir", "/proc/no"}}).status, LLMODEL_IO);
}

} // namespace
