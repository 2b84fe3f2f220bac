#pragma once

#include "error.h"
#include "operations/generation.h"
#include "operations/token_logprobs.h"
#include "server-task.h"
#include "tokens/utf8_stream.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace llmodel {

/** One answer in the making: turns the engine's results into events and, at the end, into its part of the result. */
class Choice {
  public:
    using Emit = std::function<void(llmodel_event_kind, int32_t index, std::string data)>;

    Choice(const Generation &generation, const llama_vocab *vocab, int32_t index);

    void add(server_task_result_cmpl_partial &part, task_result_state &state, const Emit &emit);
    void finish(server_task_result_cmpl_final &last, task_result_state &state, const Emit &emit);

    /** An element of `choices`. After finish(). */
    json to_json() const;

  private:
    void take(const std::string &content, const std::vector<common_chat_msg_diff> &diffs, const Emit &emit);
    void text(llmodel_event_kind kind, std::string &all, std::string whole, const Emit &emit) const;
    std::string unparsed(const std::string &all) const;
    void follow(const std::string &all, const std::vector<common_chat_msg_diff> &diffs);
    void tell_logprobs(json content, const Emit &emit) const;

    const Generation &generation_;
    int32_t index_;

    std::string content_;
    std::string reasoning_;
    Utf8Stream content_utf8_;
    Utf8Stream reasoning_utf8_;
    json tool_calls_ = json::array();
    std::optional<TokenLogprobs> logprobs_;
    size_t told_ = 0; // bytes of the generated text that were given as events
    json tokens_ = json::array();
    std::string finish_reason_;
    std::string stopping_word_;
    bool truncated_ = false;
};

} // namespace llmodel
