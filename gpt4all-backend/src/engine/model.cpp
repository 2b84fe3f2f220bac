#include "engine/model.h"

#include "backends/backend.h"
#include "chat_templates/template_guard.h"
#include "contexts/contexts.h"
#include "engine/state.h"
#include "engine/weights.h"
#include "files/inspect.h"
#include "files/model_file.h"
#include "json/parse.h"
#include "json/schema.h"
#include "llama/abort_guard.h"
#include "llama/logging.h"
#include "memory/estimate.h"
#include "operations/check_request.h"
#include "operations/operation.h"
#include "platform/machine.h"
#include "tasks/remote_task.h"
#include "tasks/run_operation.h"
#include "threads/large_stack.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace llmodel {

namespace {

// The part of the progress of opening a model of 2023 that is its translation, which comes first.
constexpr float translation_part = 0.9F;

/** Refuses biases among the options that every request would fail with. Throws Error. */
void check_logit_bias(const llama_vocab *vocab, const json &options) {
    for (const char *option : {"catalogue_sampling", "sampling"}) {
        json fields = options.value(option, json::object());
        try {
            resolve_logit_bias(vocab, fields);
        } catch (const Error &error) {
            json detail = error.detail();
            detail["path"] = "/" + std::string(option) + detail.value("path", std::string());
            throw Error(error.status(), "\"" + std::string(option) + "\": " + error.what(), std::move(detail));
        }
    }
}

} // namespace

Model::Model(const std::filesystem::path &path, const json &options, const Progress &progress)
    : path_(path), contexts_(std::make_unique<Contexts>(*this)) {
    ensure_backend();
    bool translated = false;
    const ModelFile opened = open_model_file(path, options.value("cache_dir", std::string()), [&](float done) {
        translated = true;
        return !progress || progress(done * translation_part);
    });
    const Progress rest = [&](float done) { return progress(translation_part + (1 - translation_part) * done); };
    try {
        load(opened, options, translated && progress ? rest : progress);
        throw_if_lost();
    } catch (const Error &error) {
        throw opened.of_named(explain(error));
    }
}

void Model::throw_if_lost() const {
    if (options_.workers != nullptr) {
        options_.workers->throw_if_lost();
    }
}

Error Model::explain(const Error &error) const {
    return options_.workers == nullptr ? error : options_.workers->explain(error);
}

void Model::load(const ModelFile &opened, const json &options, const Progress &progress) {
    const GgufFile &file = opened.gguf;
    options_ = parse_open_options(file, options);
    if (const auto source = file.get_string("tokenizer.chat_template");
        source && options_.params.chat_template.empty()) {
        check_template_size(*source, path_.string());
    }
    check_template_size(options_.params.chat_template, "the option chat_template");
    description_ = describe(file, options_);
    opened.complete(description_);
    check_memory_budget(options_, description_.at("memory"));
    release_free_memory(); // of what the estimate needed

    // Untrusted templates and vocabularies are parsed while loading, so it happens on a stack of known size. Progress
    // is still reported on the caller's thread.
    on_large_stack(progress, [&](const Progress &report) {
        if (only_encodes(file)) {
            encoder_ = load_weights(options_, report);
            weights_ = encoder_.get();
        } else {
            engine_ = std::make_unique<Engine>(options_, report);
            weights_ = engine_->weights();
            check_logit_bias(engine_->vocab(), options);
        }
    });
}

Model::~Model() {
    close();
}

Engine &Model::generator(std::string_view operation) const {
    if (engine_ == nullptr) {
        throw Error(LLMODEL_UNSUPPORTED,
                    std::string(operation) + ": " + path_.filename().string() +
                        " only encodes text and cannot generate any; use embed or rerank",
                    {{"operation", operation}});
    }
    return *engine_;
}

std::shared_ptr<Task> Model::submit(std::string_view operation, json request) {
    const Operation &asked = find_operation(operation);
    accept(request, asked.request);
    throw_if_lost();
    const std::lock_guard lock(mutex_);
    if (closed_) {
        throw Error(LLMODEL_CLOSED, "the model is closed");
    }
    auto task = start(asked, std::move(request));
    if (options_.workers != nullptr) {
        task = std::make_shared<RemoteTask>(std::move(task), options_.workers);
    }
    std::erase_if(tasks_, [](const std::weak_ptr<Task> &known) { return known.expired(); });
    tasks_.push_back(task);
    return task;
}

std::shared_ptr<Task> Model::start(const Operation &operation, json request) {
    if (const auto *prepare = std::get_if<PrepareGeneration>(&operation.run)) {
        Engine &engine = generator(operation.name);
        options_.sampling.complete(request);
        return start_generation(
            engine, threads_, [prepare, &engine, request = std::move(request)] { return (*prepare)(engine, request); });
    }
    return run_operation(threads_, [this, &operation, request = std::move(request)](EventSink &sink) {
        if (const auto *in_context = std::get_if<RunInContext>(&operation.run)) {
            contexts_->run(in_context->purpose, in_context->run, request, sink);
        } else {
            std::get<RunOnModel>(operation.run)(*this, request, sink);
        }
    });
}

void Model::close() {
    std::vector<std::shared_ptr<Task>> tasks;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        for (const std::weak_ptr<Task> &known : std::exchange(tasks_, {})) {
            if (auto task = known.lock()) {
                tasks.push_back(std::move(task));
            }
        }
    }
    for (const auto &task : tasks) {
        task->cancel();
    }
    threads_.wait();
    for (const auto &task : tasks) {
        task->detach();
    }
}

json Model::info() const {
    json info = description_;
    throw_if_lost();
    update_free_memory(info.at("memory"));
    if (engine_ != nullptr) {
        const common_params &params = engine_->params();
        info["opened"] = {{"n_ctx", engine_->meta().slot_n_ctx},
                          {"n_parallel", params.n_parallel},
                          {"n_batch", params.n_batch},
                          {"threads", params.cpuparams.n_threads},
                          {"template_capabilities", engine_->meta().chat_template_caps}};
        if (const ChatTemplate *used = engine_->chat_template()) {
            info["opened"]["chat_template"] = std::string(used->name);
        }
    }
    return info;
}

json Model::save_state(const std::filesystem::path &path, const json &request) {
    return llmodel::save_state(generator("save_state"), path, request);
}

json Model::restore_state(const std::filesystem::path &path, const json &request) {
    throw_if_lost();
    json restored = llmodel::restore_state(generator("restore_state"), path, request);
    throw_if_lost();
    return restored;
}

} // namespace llmodel
