#include "contexts/contexts.h"

#include "engine/model.h"
#include "llama/abort_guard.h"
#include "threads/thread_governor.h"

#include <map>
#include <mutex>
#include <vector>

namespace llmodel {

struct Contexts::State {
    explicit State(Model &owner) : model(owner) {}

    using Adapter = std::unique_ptr<llama_adapter_lora, decltype(&llama_adapter_lora_free)>;

    // the engine's adapters cannot be seen from here, so these are read a second time
    std::vector<ScaledAdapter> adapters() {
        const std::lock_guard lock(mutex);
        const auto &given = model.options().params.lora_adapters;
        while (loaded.size() < given.size()) {
            const auto &path = given[loaded.size()].path;
            Adapter adapter(llama_adapter_lora_init(model.weights(), path.c_str()), llama_adapter_lora_free);
            if (!adapter) {
                throw Error(LLMODEL_INVALID_MODEL, "the LoRA adapter " + path + " can no longer be read",
                            {{"path", path}});
            }
            loaded.push_back(std::move(adapter));
        }
        std::vector<ScaledAdapter> scaled;
        for (size_t i = 0; i < loaded.size(); ++i) {
            const float scale = i < scales.size() ? scales[i] : given[i].scale;
            if (scale != 0.0F) {
                scaled.push_back({.adapter = loaded[i].get(), .scale = scale});
            }
        }
        return scaled;
    }

    // made when first used, since a model that is being opened has no weights yet
    Context &context(Context::Purpose purpose) {
        const std::lock_guard lock(mutex);
        return contexts.try_emplace(purpose, model.weights(), model.options().params, purpose).first->second;
    }

    Model &model;
    std::mutex mutex;
    std::vector<Adapter> loaded; // freed after the contexts that use them
    std::vector<float> scales;
    std::map<Context::Purpose, Context> contexts;
};

Contexts::Contexts(Model &model) : state_(std::make_unique<State>(model)) {}

Contexts::~Contexts() = default;

void Contexts::scale_adapters(std::vector<float> scales) {
    const std::lock_guard lock(state_->mutex);
    state_->scales = std::move(scales);
}

void Contexts::run(Context::Purpose purpose, ContextFunction function, const json &request, EventSink &sink) {
    const AbortGuard guard(AbortGuard::Leaves::context);
    const AdaptiveThreads threads(state_->model.options().adaptive_threads);
    try {
        function(state_->context(purpose), state_->adapters(), request, sink);
    } catch (const ContextAborted &aborted) {
        throw Error(aborted.error);
    }
}

} // namespace llmodel
