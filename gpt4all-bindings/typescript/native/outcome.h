/** What a function of the library gave: a value, or an error. */
#ifndef GPT4ALL_OUTCOME_H
#define GPT4ALL_OUTCOME_H

#include "library.h"

#include <memory>
#include <napi.h>
#include <string>

namespace gpt4all {

/** A failure, taken out of the library's error object. */
struct Failure {
    int32_t status = LLMODEL_OK;
    std::string message;
    std::string detail = "{}";

    /** Takes over what `error` is; nothing if the status is LLMODEL_OK. */
    static Failure take(llmodel_status status, llmodel_error *error);

    /** {status, message, detail}, from which TypeScript makes one of its errors. */
    Napi::Object to_js(Napi::Env env) const;
};

/** Closes a model. */
struct Close {
    void operator()(llmodel_model *model) const { library().llmodel_close(model); }
};

/** A failure, or else JSON, a model, or neither. A model that nobody takes is closed. */
struct Outcome {
    Failure failure;
    std::string json;
    std::unique_ptr<llmodel_model, Close> model;
};

/** A handle as JavaScript has it. The library looks handles up, so that a wrong one does no harm. */
template<typename Handle> Napi::BigInt to_js(Napi::Env env, Handle *handle) {
    return Napi::BigInt::New(env, static_cast<uint64_t>(reinterpret_cast<uintptr_t>(handle)));
}

template<typename Handle> Handle *from_js(const Napi::Value &value) {
    bool lossless = false;
    return reinterpret_cast<Handle *>(static_cast<uintptr_t>(value.As<Napi::BigInt>().Uint64Value(&lossless)));
}

} // namespace gpt4all

#endif
