/** What belongs to one JavaScript environment: the main thread's, or that of a worker. */
#ifndef GPT4ALL_ENVIRONMENT_H
#define GPT4ALL_ENVIRONMENT_H

#include "library.h"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <napi.h>
#include <set>
#include <unordered_map>

namespace gpt4all {

/** Carries work from any thread to an environment's own, for as long as that is there. */
class Mailroom {
  public:
    using Work = std::function<void(Napi::Env)>;

    explicit Mailroom(Napi::Env env);

    /** Has `work` done on the environment's thread. Whatever is posted while the environment goes is dropped. */
    void post(Work work);

    /** From here on, nothing is carried any more. On the environment's thread. */
    void close();

    /** Whether the environment's event loop is to go on while nothing else keeps it. On its thread. */
    void keep_alive(Napi::Env env, bool alive);

  private:
    static void deliver(Napi::Env env, Napi::Function, Mailroom *, Work *work);
    using Channel = Napi::TypedThreadSafeFunction<Mailroom, Work, &Mailroom::deliver>;

    std::mutex mutex_;
    bool closed_ = false;
    Channel channel_;
};

/** Counts the threads at work for an environment, which waits for them when it ends. */
class Workers {
  public:
    void add();
    void remove();
    /** Waits until there are none, but not for ever. */
    void wait();

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    size_t count_ = 0;
};

/** What an environment has open and under way. All but `mailroom` and `workers` is for its own thread. */
class Environment {
  public:
    explicit Environment(Napi::Env env);

    static Environment &of(Napi::Env env);

    /** Counts what is under way; while something is, the event loop goes on. */
    void began(Napi::Env env);
    void ended(Napi::Env env);

    /** Something that is to be stopped if the environment goes; returns what to forget it by. */
    uint64_t add_stop(std::function<void()> stop);
    void forget_stop(uint64_t id);

    const std::shared_ptr<Mailroom> mailroom;
    const std::shared_ptr<Workers> workers;
    std::set<llmodel_model *> models;
    /** Who wants the events of a task, by the number of the task. */
    std::unordered_map<uint64_t, Napi::FunctionReference> listeners;
    /** Who wants the library's messages. */
    Napi::FunctionReference log;

  private:
    static void clean_up(Environment *environment);

    std::unordered_map<uint64_t, std::function<void()>> stops_;
    uint64_t last_id_ = 0;
    size_t under_way_ = 0;
};

} // namespace gpt4all

#endif
