#pragma once

#include "options/open_options.h"
#include "server-context.h"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace llmodel {

/** llama.cpp's server core in this process: one model, one context with several slots, one continuous batch, on a
 * thread of its own. */
class Engine {
  public:
    /** Loads the model, which can only be interrupted through `progress` (0 to 1, false to cancel). Throws
     *  Error. */
    Engine(const OpenOptions &options, const std::function<bool(float)> &progress);
    ~Engine();
    Engine(const Engine &) = delete;
    Engine &operator=(const Engine &) = delete;

    llama_model *weights() const;
    const llama_vocab *vocab() const;
    llama_context *context() const { return core_.get_llama_context(); }

    /** What llama.cpp made of the options. */
    const common_params &params() const { return params_; }
    const server_context_meta &meta() const { return *meta_; }

    /** Throws Error(LLMODEL_IO) if a worker that has a part of the model was lost. */
    void throw_if_lost() const {
        if (workers_ != nullptr) {
            workers_->throw_if_lost();
        }
    }

    /** The library's own template that is used, or NULL. */
    const ChatTemplate *chat_template() const { return chat_template_; }

    /** From the first request on that scales adapters otherwise than the model was opened with, what was computed
     * before cannot be reused: llama.cpp's caches do not know which adapters they were computed with. */
    void adapters_vary() { adapters_vary_ = true; }
    bool may_reuse_prompts() const { return !adapters_vary_; }

    server_response_reader reader() { return core_.get_response_reader(); }

    /** Why the loop ended of itself, if it did: requests would wait for ever. */
    std::optional<Error> failure() const;

    /** Posts `task` alone and waits for its result. For actions on slots and adapters, which are short. */
    server_task_result_ptr perform(server_task &&task);

  private:
    void load(const std::function<bool(float)> &progress);

    common_params params_;
    const ChatTemplate *chat_template_;
    std::shared_ptr<const Workers> workers_;
    mutable server_context core_;
    std::optional<server_context_meta> meta_;
    std::thread loop_;
    std::atomic<bool> adapters_vary_ = false;
    std::atomic<bool> ended_ = false;
    std::atomic<bool> failed_ = false;
    std::optional<Error> failure_; // written before failed_
};

/** The typed error for a model that llama.cpp did not load; `said` is what it logged, which alone says why. */
Error load_error(const std::string &path, const std::string &said);

/** The error that llama.cpp answered a request with. Throws it as an Error of ours. */
[[noreturn]] void throw_engine_error(server_task_result &result);

} // namespace llmodel
