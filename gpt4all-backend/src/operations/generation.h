#pragma once

#include "engine/engine.h"
#include "llama/llama_json.h"
#include "operations/answer_check.h"
#include "tasks/task.h"
#include "threads/thread_group.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace llmodel {

/** A request for text, ready for the engine. */
struct Generation {
    server_task_type type = SERVER_TASK_TYPE_COMPLETION;
    std::vector<llama_token> prompt;
    llama_json parameters;    // as llama-server's own handlers leave them
    int n = 1;                // choices
    int id_slot = -1;         // -1: any
    int top_logprobs = -1;    // alternatives to report for each token; -1: no log-probabilities at all
    bool chat = false;        // the result has messages, not texts
    bool parse = false;       // the text holds reasoning or tool calls that are to be told apart
    bool stream = true;       // text comes in pieces
    bool prompt_only = false; // no token of the answer is wanted
    bool return_tokens = false;
    bool return_progress = false;
    bool timings_per_token = false;
    std::shared_ptr<AnswerCheck> check; // of what is not strict, if something is

    /** If set, called on the engine's thread at the end, while the slot still holds what was computed: once, unless the
     *  request fails or is let go of. */
    std::function<void(llama_context *, llama_seq_id slot, const server_tokens &)> at_end;
};

/** Prepares a request; runs on a thread of its own. Throws Error. */
using Prepare = std::function<Generation()>;

/** Starts a request for text: prepares it on one of `threads`, then lets the engine work on it. */
std::shared_ptr<Task> start_generation(Engine &engine, ThreadGroup &threads, Prepare prepare);

/** The same, prepared on this thread. */
std::shared_ptr<Task> start_generation(Engine &engine, const Prepare &prepare);

} // namespace llmodel
