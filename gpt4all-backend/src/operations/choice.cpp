#include "operations/choice.h"

#include "json/long_numbers.h"
#include "json/parse.h"
#include "llama/logging.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace llmodel {

Choice::Choice(const Generation &generation, const llama_vocab *vocab, int32_t index)
    : generation_(generation), index_(index) {
    if (generation.top_logprobs >= 0) {
        logprobs_.emplace(vocab, generation.top_logprobs);
    }
}

void Choice::text(llmodel_event_kind kind, std::string &all, std::string whole, const Emit &emit) const {
    if (whole.empty()) {
        return;
    }
    all += whole;
    if (generation_.stream) {
        emit(kind, index_, std::move(whole));
    }
}

void Choice::take(const std::string &content, const std::vector<common_chat_msg_diff> &diffs, const Emit &emit) {
    if (generation_.prompt_only) {
        return; // llama.cpp makes one token all the same
    }
    if (!generation_.parse) {
        text(LLMODEL_EVENT_TEXT, content_, content_utf8_.push(content), emit);
        told_ += content.size();
        return;
    }
    for (const common_chat_msg_diff &diff : diffs) {
        text(LLMODEL_EVENT_REASONING, reasoning_, reasoning_utf8_.push(diff.reasoning_content_delta), emit);
        text(LLMODEL_EVENT_TEXT, content_, content_utf8_.push(diff.content_delta), emit);
        if (diff.tool_call_index != std::string::npos && generation_.stream) {
            json call = {{"index", diff.tool_call_index}};
            if (!diff.tool_call_delta.id.empty()) {
                call["id"] = diff.tool_call_delta.id;
                call["type"] = "function";
            }
            if (!diff.tool_call_delta.name.empty()) {
                call["function"]["name"] = diff.tool_call_delta.name;
            }
            call["function"]["arguments"] = diff.tool_call_delta.arguments;
            emit(LLMODEL_EVENT_TOOL_CALL, index_, dump_json(call));
        }
    }
}

void Choice::add(server_task_result_cmpl_partial &part, task_result_state &state, const Emit &emit) {
    if (part.is_progress) {
        if (generation_.return_progress) {
            const json progress = {{"unit", "tokens"},
                                   {"total", part.progress.total},
                                   {"cache", part.progress.cache},
                                   {"processed", part.progress.processed},
                                   {"time_ms", part.progress.time_ms}};
            emit(LLMODEL_EVENT_PROGRESS, index_, dump_json(progress));
        }
        return;
    }
    if (part.is_begin) {
        return;
    }
    std::vector<common_chat_msg_diff> diffs;
    if (generation_.parse) {
        try {
            state.update_chat_msg(part.content, true, diffs);
        } catch (const std::exception &error) { // there may be more to it at the end
            log_message(LLMODEL_LOG_DEBUG, std::string("a beginning of the answer is not parsed: ") + error.what());
        }
    }
    take(part.content, diffs, emit);
    if (logprobs_ && !generation_.prompt_only) {
        logprobs_->add(part.probs_output, part.post_sampling_probs);
        if (generation_.stream) {
            follow(state.generated_text, diffs);
            tell_logprobs(logprobs_->take(told_), emit);
        }
    }
    if (generation_.timings_per_token) {
        const json progress = {{"unit", "tokens"},
                               {"total", part.n_prompt_tokens},
                               {"processed", part.n_prompt_tokens},
                               {"timings", json::parse(part.stats.to_json().dump())}};
        emit(LLMODEL_EVENT_PROGRESS, index_, dump_json(progress));
    }
}

void Choice::finish(server_task_result_cmpl_final &last, task_result_state &state, const Emit &emit) {
    std::vector<common_chat_msg_diff> diffs;
    bool parsed = true;
    if (generation_.parse) {
        try {
            state.update_chat_msg(last.content, false, diffs);
        } catch (const std::exception &error) {
            // an answer cut short in the middle of a tool call is no complete message: what was parsed so far stands
            parsed = false;
            log_message(LLMODEL_LOG_WARN, std::string("the end of the answer could not be parsed: ") + error.what());
        }
    }
    take(last.content, diffs, emit);
    if (!parsed && state.chat_msg.tool_calls.empty()) {
        text(LLMODEL_EVENT_TEXT, content_, content_utf8_.push(unparsed(state.generated_text)), emit);
    }
    text(LLMODEL_EVENT_REASONING, reasoning_, reasoning_utf8_.finish(), emit);
    text(LLMODEL_EVENT_TEXT, content_, content_utf8_.finish(), emit);

    for (const common_chat_tool_call &call : state.chat_msg.tool_calls) {
        tool_calls_.push_back({{"id", call.id},
                               {"type", "function"},
                               {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
    }
    const bool stopped = !generation_.prompt_only && (last.stop == STOP_TYPE_EOS || last.stop == STOP_TYPE_WORD);
    const auto whole = [parsed](const common_chat_tool_call &call) {
        return call.arguments.empty() ? parsed : is_json(call.arguments);
    };
    const auto &calls = state.chat_msg.tool_calls;
    const bool called = !calls.empty() && std::ranges::all_of(calls, whole);
    finish_reason_ = !stopped ? "length" : called ? "tool_calls" : "stop";
    stopping_word_ = last.stopping_word;
    truncated_ = last.truncated;
    if (logprobs_ && !generation_.prompt_only) {
        logprobs_->add(last.probs_output, last.post_sampling_probs);
        if (last.stop == STOP_TYPE_WORD) {
            logprobs_->cut(generation_.parse ? state.generated_text.size() : told_);
        }
        if (generation_.stream) {
            tell_logprobs(logprobs_->take_rest(), emit);
        }
    }
    if (generation_.return_tokens && !generation_.prompt_only) {
        tokens_ = last.tokens;
    }
}

/** What of an answer nothing was made of: it is given as text, rather than lost. */
std::string Choice::unparsed(const std::string &all) const {
    size_t from = 0;
    for (const std::string *part : {&reasoning_, &content_}) {
        if (const size_t at = all.find(*part, from); !part->empty() && at != std::string::npos) {
            from = at + part->size();
        }
    }
    return all.substr(from);
}

/** Moves `told_` behind what was made of the generated text, as far as it is found there as it is. */
void Choice::follow(const std::string &all, const std::vector<common_chat_msg_diff> &diffs) {
    for (const common_chat_msg_diff &diff : diffs) {
        for (const std::string *part : {&diff.reasoning_content_delta, &diff.content_delta, &diff.tool_call_delta.name,
                                        &diff.tool_call_delta.arguments}) {
            if (!part->empty()) {
                const size_t at = all.find(*part, told_);
                told_ = at == std::string::npos ? all.size() : at + part->size();
            }
        }
    }
}

void Choice::tell_logprobs(json content, const Emit &emit) const {
    if (!content.empty()) {
        emit(LLMODEL_EVENT_TOKEN_LOGPROBS, index_, dump_json({{"content", std::move(content)}}));
    }
}

json Choice::to_json() const {
    json choice = {{"index", index_}, {"finish_reason", finish_reason_}};
    if (generation_.chat) {
        json &message = choice["message"] = {{"role", "assistant"}, {"content", content_}};
        if (!reasoning_.empty()) {
            message["reasoning_content"] = reasoning_;
        }
        if (!tool_calls_.empty()) {
            message["tool_calls"] = tool_calls_;
        }
    } else {
        choice["text"] = content_;
    }
    if (logprobs_) {
        choice["logprobs"] = {{"content", logprobs_->all()}};
    }
    if (generation_.return_tokens) {
        choice["tokens"] = tokens_;
    }
    if (!stopping_word_.empty()) {
        choice["stopping_word"] = stopping_word_;
    }
    if (truncated_) {
        choice["truncated"] = true;
    }
    if (generation_.check != nullptr) {
        generation_.check->judge(choice, content_, tool_calls_);
    }
    return choice;
}

} // namespace llmodel
