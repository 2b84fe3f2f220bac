#include "operations/choice.h"

#include "json/parse.h"
#include "llama/logging.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace llmodel {

namespace {

json bytes_of(const std::string &piece) {
    json bytes = json::array();
    for (const char byte : piece) {
        bytes.push_back(static_cast<unsigned char>(byte));
    }
    return bytes;
}

std::string valid_utf8(const std::string &bytes) {
    Utf8Stream stream;
    std::string text = stream.push(bytes);
    return text + stream.finish();
}

/** OpenAI's form of one token; `probability` becomes "prob" where it was taken after sampling. */
json token_json(const llama_vocab *vocab, llama_token token, float probability, bool post_sampling) {
    const std::string piece = common_token_to_piece(vocab, token, true);
    // JSON has no infinity: the lowest finite float stands for the logarithm of 0
    const float logarithm = probability > 0 ? std::log(probability) : std::numeric_limits<float>::lowest();
    return {{"id", token},
            {"token", valid_utf8(piece)},
            {"bytes", bytes_of(piece)},
            {post_sampling ? "prob" : "logprob", post_sampling ? probability : logarithm}};
}

} // namespace

Choice::Choice(const Generation &generation, const llama_vocab *vocab, int32_t index)
    : generation_(generation), vocab_(vocab), index_(index) {}

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
        return call.arguments.empty() ? parsed : json::accept(call.arguments);
    };
    const auto &calls = state.chat_msg.tool_calls;
    const bool called = !calls.empty() && std::ranges::all_of(calls, whole);
    finish_reason_ = !stopped ? "length" : called ? "tool_calls" : "stop";
    stopping_word_ = last.stopping_word;
    truncated_ = last.truncated;
    if (generation_.top_logprobs >= 0) {
        logprobs_ = logprobs(last);
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

size_t Choice::tokens_before_stop(const server_task_result_cmpl_final &last) const {
    if (generation_.prompt_only) {
        return 0;
    }
    const size_t all = last.probs_output.size();
    if (last.stop != STOP_TYPE_WORD) {
        return all;
    }
    std::string text;
    std::vector<size_t> starts;
    for (const completion_token_output &token : last.probs_output) {
        starts.push_back(text.size());
        text += common_token_to_piece(vocab_, token.tok, false);
    }
    const size_t stop = text.find(last.stopping_word);
    return static_cast<size_t>(std::lower_bound(starts.begin(), starts.end(), stop) - starts.begin());
}

json Choice::logprobs(const server_task_result_cmpl_final &last) const {
    const size_t count = tokens_before_stop(last);
    json content = json::array();
    for (size_t i = 0; i < count; ++i) {
        const completion_token_output &token = last.probs_output[i];
        json entry = token_json(vocab_, token.tok, token.prob, last.post_sampling_probs);
        json top = json::array();
        for (const auto &alternative : token.probs) {
            if (top.size() < static_cast<size_t>(generation_.top_logprobs)) {
                top.push_back(token_json(vocab_, alternative.tok, alternative.prob, last.post_sampling_probs));
            }
        }
        entry[last.post_sampling_probs ? "top_probs" : "top_logprobs"] = std::move(top);
        content.push_back(std::move(entry));
    }
    return {{"content", std::move(content)}};
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
    if (generation_.top_logprobs >= 0) {
        choice["logprobs"] = logprobs_;
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
