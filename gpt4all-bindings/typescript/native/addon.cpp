/** The addon: what TypeScript needs of libllmodel. native.ts describes the exports. */
#include "calls.h"
#include "environment.h"
#include "file_lock.h"
#include "log.h"
#include "task.h"

namespace {

using namespace gpt4all;

/** load(path): what is wrong, or an empty string. */
Napi::Value load(const Napi::CallbackInfo &info) {
    return Napi::String::New(info.Env(), load_library(info[0].As<Napi::String>()));
}

Napi::Value build_info(const Napi::CallbackInfo &info) {
    return Napi::String::New(info.Env(), library().llmodel_build_info());
}

Napi::Value schema(const Napi::CallbackInfo &info) {
    return Napi::String::New(info.Env(), library().llmodel_schema());
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
    env.SetInstanceData(new Environment(env));
    exports.Set("load", Napi::Function::New(env, load));
    exports.Set("buildInfo", Napi::Function::New(env, build_info));
    exports.Set("schema", Napi::Function::New(env, schema));
    exports.Set("setLog", Napi::Function::New(env, set_log));
    exports.Set("submit", Napi::Function::New(env, submit));
    exports.Set("cancel", Napi::Function::New(env, cancel));
    exports.Set("lockFile", Napi::Function::New(env, lock_file));
    exports.Set("unlockFile", Napi::Function::New(env, unlock_file));
    add_calls(env, exports);
    return exports;
}

} // namespace

NODE_API_MODULE(gpt4all, initialize)
