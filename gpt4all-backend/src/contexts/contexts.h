#pragma once

#include "contexts/context.h"
#include "error.h"
#include "tasks/event_sink.h"

#include <memory>
#include <vector>

namespace llmodel {

class Model;

/** Emits its events and leaves the result last. Throws Error. */
using ContextFunction = void (*)(Context &context, const std::vector<ScaledAdapter> &adapters, const json &request,
                                 EventSink &sink);

/** llama_contexts of our own over a model's weights, beside the one that the engine generates with: one that pools
 *  embeddings (embed, rerank) and one that gives log-probabilities (score). Each is made when first used and serves one
 *  request at a time. */
class Contexts {
  public:
    explicit Contexts(Model &model);
    ~Contexts();

    /** Runs `function` in the context of that purpose, on the request's thread. `request` has passed the schema. Throws
     *  Error. */
    void run(Context::Purpose purpose, ContextFunction function, const json &request, EventSink &sink);

    /** How strongly the adapters that the model was opened with count from the next request on, in their order; those
     *  beyond the last given here count as they were opened. */
    void scale_adapters(std::vector<float> scales);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace llmodel
