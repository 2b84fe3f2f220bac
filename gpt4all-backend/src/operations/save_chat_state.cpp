#include "engine/model.h"
#include "engine/state.h"
#include "json/parse.h"
#include "operations/requests.h"

#include <chrono>
#include <memory>
#include <utility>

namespace llmodel {

namespace {

using namespace std::chrono_literals;

// How long a cancelled request may go on computing.
constexpr auto poll_interval = 50ms;

/** The conversation without an answer. */
json without_answer(json chat) {
    for (const char *key : {"max_completion_tokens", "n_predict", "n", "n_cmpl", "stream"}) {
        chat.erase(key);
    }
    chat["max_tokens"] = 0;
    chat.emplace("add_generation_prompt", false);
    return chat;
}

void wait_for(Task &task, EventSink &sink) {
    while (true) {
        const Event *event = task.next(std::chrono::steady_clock::now() + poll_interval);
        sink.throw_if_cancelled();
        if (event != nullptr && event->kind == LLMODEL_EVENT_DONE) {
            return;
        }
        if (event != nullptr && event->kind == LLMODEL_EVENT_PROGRESS) {
            sink.emit(event->kind, event->index, event->data);
        }
    }
}

} // namespace

void save_chat_state(const Model &model, const json &request, EventSink &sink) {
    Engine &engine = model.generator("save_state");
    const auto file = std::make_shared<StateFile>(request.at("path").get<std::string>());
    const auto task = start_generation(engine, [&] {
        Generation generation = prepare_chat(engine, without_answer(request.at("chat")));
        // what is cancelled may be on its way still, and slots keep what they did last
        generation.at_end = [kept = std::weak_ptr(file)](llama_context *context, llama_seq_id slot,
                                                         const server_tokens &tokens) {
            if (const auto open = kept.lock()) {
                open->write(context, slot, tokens);
            }
        };
        return generation;
    });
    wait_for(*task, sink);
    sink.emit_json(LLMODEL_EVENT_RESULT, 0, file->finish(engine));
}

} // namespace llmodel
