#include "calls.h"

#include "environment.h"
#include "outcome.h"
#include "threads.h"

#include <atomic>
#include <utility>

namespace gpt4all {

namespace {

/** A call under way: how it is told to stop, and whom it tells how far it is. */
struct Call {
    std::atomic<bool> cancelled{false};
    std::atomic<float> progress{0};
    std::atomic<bool> told{false};
    bool wants_progress = false;
    uint64_t id = 0;
    std::shared_ptr<Mailroom> mailroom;
    std::shared_ptr<Workers> workers;
    Outcome outcome;
};

/** Belongs to JavaScript's thread: the listener's number is the call's. */
void tell_progress(const std::shared_ptr<Call> &call) {
    call->mailroom->post([call](Napi::Env env) {
        call->told = false;
        Environment &environment = Environment::of(env);
        const auto found = environment.listeners.find(call->id);
        if (found != environment.listeners.end()) {
            found->second.Value().Call({Napi::Number::New(env, call->progress)});
        }
    });
}

int32_t on_progress(float progress, void *user) {
    const auto &call = *static_cast<const std::shared_ptr<Call> *>(user);
    if (call->wants_progress) {
        call->progress = progress;
        if (!call->told.exchange(true)) {
            tell_progress(call);
        }
    }
    return call->cancelled ? 1 : 0;
}

/** Takes what there is; a model is the environment's from here on. */
Napi::Value result_of(Napi::Env env, Outcome &outcome) {
    if (llmodel_model *const model = outcome.model.release()) {
        Environment::of(env).models.insert(model);
        return to_js(env, model);
    }
    return Napi::String::New(env, outcome.json);
}

using Work = std::function<Outcome(const std::shared_ptr<Call> &)>;

/** Does `work` on a thread. `listener` is told of progress where it is a function. */
Napi::Value start(Napi::Env env, const Napi::Value &listener, Work work) {
    Environment &environment = Environment::of(env);
    const auto call = std::make_shared<Call>();
    call->mailroom = environment.mailroom;
    call->workers = environment.workers;
    call->id = environment.add_stop([call] { call->cancelled = true; });
    if (listener.IsFunction()) {
        call->wants_progress = true;
        environment.listeners.emplace(call->id, Napi::Persistent(listener.As<Napi::Function>()));
    }
    environment.began(env);
    environment.workers->add();
    const auto deferred = Napi::Promise::Deferred::New(env);
    run_on_thread([call, deferred, work = std::move(work)] {
        call->outcome = work(call);
        call->mailroom->post([call, deferred](Napi::Env env) {
            Environment &environment = Environment::of(env);
            environment.listeners.erase(call->id);
            environment.forget_stop(call->id);
            environment.ended(env);
            if (call->outcome.failure.status != LLMODEL_OK) {
                deferred.Reject(call->outcome.failure.to_js(env));
                return;
            }
            deferred.Resolve(result_of(env, call->outcome));
        });
        call->workers->remove();
    });
    const Napi::Object result = Napi::Object::New(env);
    result.Set("promise", deferred.Promise());
    result.Set("cancel", Napi::Function::New(env, [call](const Napi::CallbackInfo &) { call->cancelled = true; }));
    return result;
}

Outcome json_outcome(llmodel_status status, char *json, llmodel_error *error) {
    Outcome outcome;
    outcome.failure = Failure::take(status, error);
    if (json != nullptr) {
        outcome.json = json;
        library().llmodel_string_free(json);
    }
    return outcome;
}

std::string text(const Napi::Value &value) {
    return value.As<Napi::String>();
}

/** open(path, options, progress): the model's handle. */
Napi::Value open(const Napi::CallbackInfo &info) {
    auto work = [path = text(info[0]), options = text(info[1])](const std::shared_ptr<Call> &call) {
        Outcome outcome;
        llmodel_error *error = nullptr;
        llmodel_model *model = nullptr;
        std::shared_ptr<Call> user = call;
        const llmodel_status status =
            library().llmodel_open(path.c_str(), options.c_str(), on_progress, &user, &model, &error);
        outcome.failure = Failure::take(status, error);
        outcome.model.reset(model);
        if (outcome.model && call->cancelled) { // nobody waits for it any more
            outcome.model.reset();
            outcome.failure = {.status = LLMODEL_CANCELLED, .message = "opening was cancelled", .detail = "{}"};
        }
        return outcome;
    };
    return start(info.Env(), info[2], std::move(work));
}

/** close(model): it waits for the model's threads. */
Napi::Value close(const Napi::CallbackInfo &info) {
    llmodel_model *const model = from_js<llmodel_model>(info[0]);
    Environment::of(info.Env()).models.erase(model);
    return start(info.Env(), info.Env().Undefined(), [model](const std::shared_ptr<Call> &) {
        library().llmodel_close(model);
        return Outcome{};
    });
}

Napi::Value model_info(const Napi::CallbackInfo &info) {
    return start(info.Env(), info.Env().Undefined(),
                 [model = from_js<llmodel_model>(info[0])](const std::shared_ptr<Call> &) {
                     char *json = nullptr;
                     llmodel_error *error = nullptr;
                     const llmodel_status status = library().llmodel_info(model, &json, &error);
                     return json_outcome(status, json, error);
                 });
}

Napi::Value devices(const Napi::CallbackInfo &info) {
    return start(info.Env(), info.Env().Undefined(), [](const std::shared_ptr<Call> &) {
        char *json = nullptr;
        llmodel_error *error = nullptr;
        const llmodel_status status = library().llmodel_devices(&json, &error);
        return json_outcome(status, json, error);
    });
}

/** inspect(path, options) */
Napi::Value inspect(const Napi::CallbackInfo &info) {
    auto work = [path = text(info[0]), options = text(info[1])](const std::shared_ptr<Call> &) {
        char *json = nullptr;
        llmodel_error *error = nullptr;
        const llmodel_status status = library().llmodel_inspect(path.c_str(), options.c_str(), &json, &error);
        return json_outcome(status, json, error);
    };
    return start(info.Env(), info.Env().Undefined(), std::move(work));
}

/** save_state and restore_state: (model, path, request) */
template<auto Function> Napi::Value state(const Napi::CallbackInfo &info) {
    auto work = [model = from_js<llmodel_model>(info[0]), path = text(info[1]),
                 request = text(info[2])](const std::shared_ptr<Call> &) {
        char *json = nullptr;
        llmodel_error *error = nullptr;
        const llmodel_status status = (library().*Function)(model, path.c_str(), request.c_str(), &json, &error);
        return json_outcome(status, json, error);
    };
    return start(info.Env(), info.Env().Undefined(), std::move(work));
}

/** quantize, imatrix and convert: (path, out_path, options, progress) */
template<auto Function> Napi::Value make_file(const Napi::CallbackInfo &info) {
    auto work = [path = text(info[0]), out_path = text(info[1]),
                 options = text(info[2])](const std::shared_ptr<Call> &call) {
        char *json = nullptr;
        llmodel_error *error = nullptr;
        std::shared_ptr<Call> user = call;
        const llmodel_status status =
            (library().*Function)(path.c_str(), out_path.c_str(), options.c_str(), on_progress, &user, &json, &error);
        return json_outcome(status, json, error);
    };
    return start(info.Env(), info[3], std::move(work));
}

} // namespace

void add_calls(Napi::Env env, Napi::Object exports) {
    exports.Set("open", Napi::Function::New(env, open));
    exports.Set("close", Napi::Function::New(env, close));
    exports.Set("info", Napi::Function::New(env, model_info));
    exports.Set("devices", Napi::Function::New(env, devices));
    exports.Set("inspect", Napi::Function::New(env, inspect));
    exports.Set("saveState", Napi::Function::New(env, state<&Library::llmodel_save_state>));
    exports.Set("restoreState", Napi::Function::New(env, state<&Library::llmodel_restore_state>));
    exports.Set("quantize", Napi::Function::New(env, make_file<&Library::llmodel_quantize>));
    exports.Set("imatrix", Napi::Function::New(env, make_file<&Library::llmodel_imatrix>));
    exports.Set("convert", Napi::Function::New(env, make_file<&Library::llmodel_convert>));
}

} // namespace gpt4all
