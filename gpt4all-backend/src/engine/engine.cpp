#include "engine/engine.h"

#include "backends/backend.h"
#include "chat_templates/template_guard.h"
#include "error.h"
#include "grammar/budget.h"
#include "llama/abort_guard.h"
#include "llama/llama_json.h"
#include "llama/logging.h"
#include "llama/texts.h"
#include "threads/thread_governor.h"

#include <chrono>
#include <mutex>
#include <utility>

namespace llmodel {

namespace {

namespace texts = llama_texts;

struct LoadCancelled : std::exception {
    const char *what() const noexcept override { return "loading was cancelled"; }
};

/** llama-server does not. */
void share_prefixes() {
    static std::once_flag once;
    std::call_once(once, [] { server_share_prefixes = true; });
}

} // namespace

Error load_error(const std::string &path, const std::string &said) {
    const std::string reason = said.empty() ? "llama.cpp gave no reason" : said;
    const json detail = {{"path", path}, {"reason", reason}};
    if (texts::unknown_architecture.is_in(said) || texts::not_supported.is_in(said)) {
        return Error(LLMODEL_UNSUPPORTED, path + ": this version cannot run the model: " + reason, detail);
    }
    if (texts::failed_to_allocate.is_in(said) || texts::unable_to_allocate.is_in(said) ||
        texts::out_of_memory.is_in(said)) {
        return Error(LLMODEL_OUT_OF_MEMORY,
                     path + ": there is not enough memory to open the model: " + reason +
                         "; try a smaller n_ctx or a smaller quantisation",
                     detail);
    }
    if (texts::bad_template.is_in(said)) {
        return Error(LLMODEL_TEMPLATE_ERROR,
                     path + ": the model's chat template cannot be used: " + reason +
                         "; set the option chat_template to another one",
                     detail);
    }
    return Error(LLMODEL_INVALID_MODEL, path + ": the model cannot be loaded: " + reason, detail);
}

Engine::Engine(const OpenOptions &options, const std::function<bool(float)> &progress)
    : params_(options.params), chat_template_(options.chat_template), workers_(options.workers) {
    ensure_backend();
    bound_grammars();
    share_prefixes();
    {
        const panels::PanelCacheInUse panels(options.panels.get());
        load(progress);
    }
    meta_.emplace(core_.get_meta());

    loop_ = std::thread([this, adaptive = options.adaptive_threads] {
        try {
            const AbortGuard guard(AbortGuard::Leaves::context);
            const AdaptiveThreads threads(adaptive);
            core_.start_loop();
        } catch (const ContextAborted &aborted) {
            failure_ = aborted.error;
            failed_ = true;
        } catch (const std::exception &error) {
            failure_ =
                Error(LLMODEL_INTERNAL, std::string("the model has to be closed and opened again: ") + error.what(),
                      {{"reopen", true}});
            failed_ = true;
        }
        ended_ = true;
    });
}

Engine::~Engine() {
    core_.terminate();
    while (!ended_) { // a loop that begins only now has missed it
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        core_.terminate();
    }
    if (loop_.joinable()) {
        loop_.join();
    }
}

void Engine::load(const std::function<bool(float)> &progress) {
    const AbortGuard guard;
    const TemplateGuard template_guard(0);
    const LogCapture said(LLMODEL_LOG_ERROR);

    bool cancelled = false;
    core_.set_state_callback([&](server_state state, const llama_json &payload) {
        if (state != SERVER_STATE_LOADING || !payload.contains("value") || !progress) {
            return;
        }
        const auto stages = payload.at("stages").get<std::vector<std::string>>();
        const auto current = payload.at("current").get<std::string>();
        float done = payload.at("value").get<float>();
        for (const std::string &stage : stages) {
            if (stage == current) {
                break;
            }
            done += 1.0F;
        }
        if (!progress(done / static_cast<float>(stages.size()))) {
            cancelled = true;
            throw LoadCancelled(); // through llama.cpp's loader, which gives up at any exception
        }
    });

    bool loaded = false;
    std::string thrown;
    try {
        loaded = core_.load_model(params_);
    } catch (const std::exception &error) {
        thrown = error.what();
    }
    core_.set_state_callback({});
    if (cancelled) {
        throw Error(LLMODEL_CANCELLED, params_.model.path + ": loading was cancelled", {{"path", params_.model.path}});
    }
    if (!loaded) {
        throw load_error(params_.model.path,
                         said.text() + (said.text().empty() || thrown.empty() ? "" : "; ") + thrown);
    }
}

llama_model *Engine::weights() const {
    return const_cast<llama_model *>(llama_get_model(context())); // NOLINT: new contexts take it mutable
}

const llama_vocab *Engine::vocab() const {
    return llama_model_get_vocab(llama_get_model(context()));
}

std::optional<Error> Engine::failure() const {
    return failed_ ? failure_ : std::nullopt;
}

server_task_result_ptr Engine::perform(server_task &&task) {
    server_response_reader results = reader();
    task.id = results.get_new_id();
    results.post_task(std::move(task));
    auto result = results.next([this] { return failed_.load(); });
    if (result == nullptr) {
        throw *failure();
    }
    if (result->is_error()) {
        throw_engine_error(*result);
    }
    return result;
}

void throw_engine_error(server_task_result &result) {
    const auto *error = dynamic_cast<server_task_result_error *>(&result);
    if (error == nullptr) {
        throw Error(LLMODEL_INTERNAL, "the engine returned an error of an unknown kind");
    }
    const std::string &message = error->err_msg;
    switch (error->err_type) {
    case ERROR_TYPE_EXCEED_CONTEXT_SIZE:
        throw Error(LLMODEL_CONTEXT_OVERFLOW,
                    "the prompt has " + std::to_string(error->n_prompt_tokens) + " tokens, but the context holds " +
                        std::to_string(error->n_ctx) +
                        ": shorten it, or open the model with a larger n_ctx (and with rope_freq_scale beyond the "
                        "context that the model was trained with)",
                    {{"n_prompt_tokens", error->n_prompt_tokens}, {"n_ctx", error->n_ctx}});
    case ERROR_TYPE_NOT_SUPPORTED:
        throw Error(LLMODEL_UNSUPPORTED, message);
    case ERROR_TYPE_NOT_FOUND:
        throw Error(LLMODEL_NOT_FOUND, message);
    case ERROR_TYPE_INVALID_REQUEST:
        if (texts::bad_grammar.is_in(message) || texts::no_samplers.is_in(message)) {
            throw Error(LLMODEL_GRAMMAR_ERROR, message);
        }
        throw Error(LLMODEL_INVALID_ARGUMENT, message);
    default:
        if (const size_t at = message.find(grammar_stopped); at != std::string::npos) {
            throw Error(LLMODEL_GRAMMAR_ERROR, message.substr(at));
        }
        if (texts::empty_grammar_stack.is_in(message) || texts::grammar_source.is_in(message) ||
            texts::no_token_left.is_in(message)) {
            throw Error(LLMODEL_GRAMMAR_ERROR,
                        "the model has no token that continues or ends the answer: the grammar allows none, or "
                        "\"ignore_eos\" or \"logit_bias\" ruled it out",
                        {{"reason", message}});
        }
        throw Error(LLMODEL_INTERNAL, message);
    }
}

} // namespace llmodel
