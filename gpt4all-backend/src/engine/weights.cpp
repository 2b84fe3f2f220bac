#include "engine/weights.h"

#include "engine/engine.h"
#include "llama/abort_guard.h"
#include "llama/logging.h"

namespace llmodel {

Weights load_weights(const OpenOptions &options, const std::function<bool(float)> &progress) {
    const AbortGuard guard;
    const LogCapture said(LLMODEL_LOG_ERROR);
    const panels::PanelCacheInUse panels(options.panels.get());
    common_params params = options.params;
    llama_model_params model_params = common_model_params_to_llama(params);
    bool cancelled = false;
    std::function<bool(float)> watched = [&](float done) {
        cancelled = progress && !progress(done);
        return !cancelled;
    };
    model_params.progress_callback = [](float done, void *user) {
        return (*static_cast<std::function<bool(float)> *>(user))(done);
    };
    model_params.progress_callback_user_data = &watched;
    Weights model(llama_model_load_from_file(params.model.path.c_str(), model_params), llama_model_free);
    if (cancelled) {
        throw Error(LLMODEL_CANCELLED, params.model.path + ": loading was cancelled", {{"path", params.model.path}});
    }
    if (model == nullptr) {
        throw load_error(params.model.path, said.text());
    }
    return model;
}

} // namespace llmodel
