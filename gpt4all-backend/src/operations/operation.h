#pragma once

#include "contexts/contexts.h"
#include "operations/generation.h"
#include "tasks/event_sink.h"

#include <span>
#include <string_view>
#include <variant>

namespace llmodel {

class Model;

/** Turns a request into what the engine generates from. Throws Error. */
using PrepareGeneration = Generation (*)(Engine &engine, const json &request);

/** Runs in a context over the model's weights beside the engine's. */
struct RunInContext {
    Context::Purpose purpose;
    ContextFunction run;
};

/** Needs no context of its own. Emits its events and leaves the result last. Throws Error. */
using RunOnModel = void (*)(const Model &model, const json &request, EventSink &sink);

/** What llmodel_submit() can be asked for. */
struct Operation {
    std::string_view name;
    std::string_view request; /**< Its definition in the schema. */
    std::variant<PrepareGeneration, RunInContext, RunOnModel> run;
};

/** All of them; they live as long as the process. */
std::span<const Operation> operations();

/** Throws Error(LLMODEL_INVALID_ARGUMENT) if there is none of that name. */
const Operation &find_operation(std::string_view name);

} // namespace llmodel
