#include "log.h"

#include <string>
#include <utility>

namespace gpt4all {

namespace {

std::mutex changing;
const Environment *owner = nullptr;
// Its own reference, so that a message that is under way does not look at an environment that goes.
std::shared_ptr<Mailroom> receiver;

void forward(llmodel_log_level level, const char *message, void *user) {
    auto deliver = [level, text = std::string(message)](Napi::Env env) {
        const Environment &environment = Environment::of(env);
        if (!environment.log.IsEmpty()) {
            environment.log.Call({Napi::Number::New(env, level), Napi::String::New(env, text)});
        }
    };
    static_cast<Mailroom *>(user)->post(std::move(deliver));
}

} // namespace

Napi::Value set_log(const Napi::CallbackInfo &info) {
    Environment &environment = Environment::of(info.Env());
    const auto level = static_cast<llmodel_log_level>(info[0].As<Napi::Number>().Int32Value());
    const std::lock_guard lock(changing);
    library().llmodel_set_log(nullptr, nullptr, LLMODEL_LOG_NONE); // afterwards nothing uses the receiver
    owner = nullptr;
    environment.log.Reset();
    if (level != LLMODEL_LOG_NONE) {
        environment.log = Napi::Persistent(info[1].As<Napi::Function>());
        owner = &environment;
        receiver = environment.mailroom;
        library().llmodel_set_log(forward, receiver.get(), level);
    }
    return info.Env().Undefined();
}

void stop_log(Environment &environment) {
    const std::lock_guard lock(changing);
    if (owner == &environment) {
        library().llmodel_set_log(nullptr, nullptr, LLMODEL_LOG_NONE);
        owner = nullptr;
        receiver = nullptr;
    }
}

} // namespace gpt4all
