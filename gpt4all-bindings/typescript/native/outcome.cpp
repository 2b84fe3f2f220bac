#include "outcome.h"

namespace gpt4all {

Failure Failure::take(llmodel_status status, llmodel_error *error) {
    if (status == LLMODEL_OK) {
        return {};
    }
    Failure failure{.status = status, .message = {}, .detail = "{}"};
    if (error != nullptr) {
        failure.message = library().llmodel_error_message(error);
        failure.detail = library().llmodel_error_detail(error);
        library().llmodel_error_free(error);
    } else {
        failure.message = std::string("the library failed with ") + library().llmodel_status_name(status);
    }
    return failure;
}

Napi::Object Failure::to_js(Napi::Env env) const {
    const Napi::Object object = Napi::Object::New(env);
    object.Set("status", status);
    object.Set("message", message);
    object.Set("detail", detail);
    return object;
}

} // namespace gpt4all
