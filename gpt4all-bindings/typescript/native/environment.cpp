#include "environment.h"

#include "log.h"

#include <chrono>
#include <utility>

namespace gpt4all {

namespace {

constexpr std::chrono::seconds longest_wait{10};

} // namespace

void Workers::add() {
    const std::lock_guard lock(mutex_);
    ++count_;
}

void Workers::remove() {
    const std::lock_guard lock(mutex_);
    --count_;
    changed_.notify_all();
}

void Workers::wait() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, longest_wait, [this] { return count_ == 0; });
}

Mailroom::Mailroom(Napi::Env env) : channel_(Channel::New(env, "gpt4all", 0, 1, this)) {
    channel_.Unref(env);
}

void Mailroom::post(Work work) {
    auto letter = std::make_unique<Work>(std::move(work));
    const std::lock_guard lock(mutex_); // so that the channel is there until this returns
    if (!closed_ && channel_.NonBlockingCall(letter.get()) == napi_ok) {
        letter.release(); // NOLINT(bugprone-unused-return-value): deliver() has it
    }
}

void Mailroom::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
}

void Mailroom::keep_alive(Napi::Env env, bool alive) {
    if (alive) {
        channel_.Ref(env);
    } else {
        channel_.Unref(env);
    }
}

void Mailroom::deliver(Napi::Env env, Napi::Function, Mailroom *, Work *work) {
    const std::unique_ptr<Work> letter(work);
    if (env == nullptr) { // the environment goes
        return;
    }
    try {
        (*letter)(env);
    } catch (const Napi::Error &error) {
        try {
            error.ThrowAsJavaScriptException();
        } catch (const Napi::Error &) { // NOLINT(bugprone-empty-catch): a worker that is being ended takes none
        }
    }
}

Environment::Environment(Napi::Env env)
    : mailroom(std::make_shared<Mailroom>(env)), workers(std::make_shared<Workers>()) {
    // Added after the channel, so that it runs before the channel goes.
    env.AddCleanupHook(clean_up, this);
}

Environment &Environment::of(Napi::Env env) {
    return *env.GetInstanceData<Environment>();
}

void Environment::began(Napi::Env env) {
    if (under_way_++ == 0) {
        mailroom->keep_alive(env, true);
    }
}

void Environment::ended(Napi::Env env) {
    if (--under_way_ == 0) {
        mailroom->keep_alive(env, false);
    }
}

uint64_t Environment::add_stop(std::function<void()> stop) {
    stops_.emplace(++last_id_, std::move(stop));
    return last_id_;
}

void Environment::forget_stop(uint64_t id) {
    stops_.erase(id);
}

void Environment::clean_up(Environment *environment) {
    environment->mailroom->close();
    if (!is_loaded()) {
        return;
    }
    stop_log(*environment);
    for (const auto &[id, stop] : environment->stops_) {
        stop();
    }
    for (llmodel_model *model : environment->models) {
        library().llmodel_close(model);
    }
    environment->workers->wait();
}

} // namespace gpt4all
