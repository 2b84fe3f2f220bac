#include "operations/generation.h"

#include "json/parse.h"
#include "llama/abort_guard.h"
#include "llama/llama_json.h"
#include "operations/choice.h"
#include "server-schema.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <random>
#include <utility>

namespace llmodel {

namespace {

using namespace std::chrono_literals;

// How long a failure of the engine may go unnoticed by a task that waits for it.
constexpr auto longest_wait = 500ms;

/** A request that the engine works on. Its consumer takes the results straight from the engine's queue. */
class GenerationTask final : public Task {
  public:
    explicit GenerationTask(Engine &engine) : engine_(engine) {}
    ~GenerationTask() override { GenerationTask::detach(); }
    GenerationTask(const GenerationTask &) = delete;
    GenerationTask &operator=(const GenerationTask &) = delete;

    /** On a thread of its own. */
    void prepare(const Prepare &prepare);

    const Event *next(const Deadline &deadline) override;
    void cancel() noexcept override;
    void detach() noexcept override;

  private:
    /** The engine's side of the request, from when it is posted until it is let go of. */
    struct Running {
        explicit Running(Engine &engine) : reader(engine.reader()) {}
        Generation generation;
        server_response_reader reader;
        std::vector<Choice> choices;
        size_t unfinished = 0;
        int prompt_tokens = 0;
        int cached_tokens = 0;
        int completion_tokens = 0;
        json timings;
        int id_slot = -1;
    };

    void post(Generation generation);
    const Event *take_pending();
    const Event *wait_for_engine(const Deadline &deadline);
    void handle(server_task_result &result);
    void finish();

    Engine &engine_;
    std::atomic<bool> cancelled_ = false;

    std::mutex mutex_; // of what prepare() hands over to next() and cancel()
    std::condition_variable prepared_changed_;
    bool prepared_ = false;
    std::optional<Error> error_;
    std::unique_ptr<Running> running_;

    std::mutex consumer_; // held during next()
    std::deque<Event> pending_;
    Event current_;
    bool started_ = false;
    bool done_ = false;
};

void GenerationTask::prepare(const Prepare &prepare) {
    std::optional<Error> failure;
    try {
        const AbortGuard guard;
        post(prepare());
    } catch (...) {
        failure = current_error();
    }
    const std::lock_guard lock(mutex_);
    error_ = failure;
    prepared_ = true;
    prepared_changed_.notify_all();
}

task_params parameters_of(Engine &engine, const llama_json &given) {
    try {
        return server_schema::eval_llama_cmpl_schema(engine.vocab(), engine.params(), engine.meta().logit_bias_eog,
                                                     given);
    } catch (const Error &) {
        throw;
    } catch (const std::exception &error) {
        throw Error(LLMODEL_INVALID_ARGUMENT, error.what());
    }
}

std::vector<server_task> make_tasks(Engine &engine, server_response_reader &reader, Generation &generation) {
    auto delimiters =
        common_chat_msg_delimiters_parse(json_value(generation.parameters, "message_delimiters", llama_json::array()));
    delimiters.tokenize(engine.vocab());

    if (generation.parameters.contains("lora")) {
        engine.adapters_vary();
        if (generation.parameters["lora"].empty() && !engine.params().lora_adapters.empty()) {
            // an empty list would be taken for none at all; with one adapter named, the others have scale 0 too
            generation.parameters["lora"] = llama_json::array({{{"id", 0}, {"scale", 0}}});
        }
    }

    const int64_t given_seed = json_value(generation.parameters, "seed", int64_t{-1});
    const uint32_t seed = given_seed < 0 ? std::random_device()() : static_cast<uint32_t>(given_seed);

    // llama.cpp shares one evaluation of the prompt between as many choices as there are slots
    const int slots = engine.params().n_parallel;
    std::vector<server_task> tasks;
    for (int first = 0; first < generation.n; first += slots) {
        server_task task(generation.type);
        task.id = reader.get_new_id();
        task.tokens = server_tokens(generation.prompt, false);
        task.params = parameters_of(engine, generation.parameters);
        generation.prompt_only = task.params.n_predict == 0;
        task.params.cache_prompt = task.params.cache_prompt && engine.may_reuse_prompts();
        task.params.stream = true;
        task.params.n_cmpl = std::min(slots, generation.n - first);
        task.params.message_spans = task.tokens.find_message_spans(delimiters);
        task.id_slot = generation.id_slot;
        task.at_end = generation.at_end;
        task.params.sampling.seed = seed + static_cast<uint32_t>(first);
        // All of them; backend_sampling asks ggml for as many as are said, which aborts if there are not so many.
        task.params.sampling.top_k = std::min(task.params.sampling.top_k, llama_vocab_n_tokens(engine.vocab()));
        for (int child = 1; child < task.params.n_cmpl; ++child) {
            task.add_child(task.id, reader.get_new_id());
        }
        tasks.push_back(std::move(task));
    }
    return tasks;
}

void GenerationTask::post(Generation generation) {
    auto running = std::make_unique<Running>(engine_);
    running->generation = std::move(generation);
    std::vector<server_task> tasks = make_tasks(engine_, running->reader, running->generation);
    running->unfinished = static_cast<size_t>(running->generation.n);
    running->choices.reserve(running->unfinished);
    for (size_t i = 0; i < running->unfinished; ++i) {
        running->choices.emplace_back(running->generation, engine_.vocab(), static_cast<int32_t>(i));
    }

    const std::lock_guard lock(mutex_);
    if (cancelled_) {
        throw cancelled_error();
    }
    running->reader.post_tasks(std::move(tasks));
    running_ = std::move(running);
}

void GenerationTask::cancel() noexcept {
    const std::lock_guard lock(mutex_);
    if (cancelled_.exchange(true)) {
        return;
    }
    prepared_changed_.notify_all();
    if (running_ == nullptr) {
        return;
    }
    server_response_reader &reader = running_->reader;
    try {
        std::vector<server_task> cancellations;
        for (const int id : reader.id_tasks) {
            server_task cancellation(SERVER_TASK_TYPE_CANCEL);
            cancellation.id_target = id;
            cancellations.push_back(std::move(cancellation));
        }
        reader.queue_tasks.post(std::move(cancellations), true);
        // any result wakes the consumer, which then sees that it was cancelled
        auto wake = std::make_unique<server_task_result_error>();
        wake->id = *reader.id_tasks.begin();
        reader.queue_results.send(std::move(wake));
    } catch (...) {
        return; // out of memory: the consumer notices at the end of its longest wait
    }
}

void GenerationTask::detach() noexcept {
    cancel();
    const std::lock_guard consumer(consumer_);
    const std::lock_guard lock(mutex_);
    running_.reset();
}

const Event *GenerationTask::take_pending() {
    current_ = std::move(pending_.front());
    pending_.pop_front();
    return &current_;
}

const Event *GenerationTask::next(const Deadline &deadline) {
    const std::lock_guard consumer(consumer_);
    {
        std::unique_lock lock(mutex_);
        if (!wait_until(prepared_changed_, lock, deadline, [this] { return prepared_ || cancelled_; })) {
            return nullptr;
        }
        if (done_ && pending_.empty()) {
            current_ = Event{.kind = LLMODEL_EVENT_DONE, .index = 0, .data = {}};
            return &current_;
        }
        if (cancelled_ && !error_) {
            error_ = cancelled_error();
        }
        if (error_) {
            throw *error_;
        }
    }
    if (!std::exchange(started_, true)) {
        current_ = Event{.kind = LLMODEL_EVENT_STARTED, .index = 0, .data = {}};
        return &current_;
    }
    try {
        const AbortGuard guard;
        return wait_for_engine(deadline);
    } catch (...) {
        const Error error = current_error();
        running_->reader.stop();
        const std::lock_guard lock(mutex_);
        error_ = error;
        throw error;
    }
}

const Event *GenerationTask::wait_for_engine(const Deadline &deadline) {
    while (pending_.empty()) {
        const auto now = std::chrono::steady_clock::now();
        const auto until = std::min(deadline.value_or(now + longest_wait), now + longest_wait);
        const auto result = running_->reader.queue_results.recv_until(running_->reader.id_tasks, until);
        if (cancelled_) {
            throw cancelled_error();
        }
        if (result != nullptr) {
            handle(*result);
        } else if (const auto failure = engine_.failure()) {
            throw *failure;
        } else if (deadline && std::chrono::steady_clock::now() >= *deadline) {
            return nullptr;
        }
    }
    return take_pending();
}

void GenerationTask::handle(server_task_result &result) {
    if (result.is_error()) {
        throw_engine_error(result);
    }
    Running &running = *running_;
    const auto emit = [this](llmodel_event_kind kind, int32_t index, std::string data) {
        pending_.push_back(Event{.kind = kind, .index = index, .data = std::move(data)});
    };
    Choice &choice = running.choices.at(result.index);
    task_result_state &state = running.reader.states.at(result.index);

    if (auto *part = dynamic_cast<server_task_result_cmpl_partial *>(&result)) {
        choice.add(*part, state, emit);
        return;
    }
    auto &last = dynamic_cast<server_task_result_cmpl_final &>(result);
    choice.finish(last, state, emit);
    ++running.reader.received_count;

    running.completion_tokens += running.generation.prompt_only ? 0 : last.n_decoded;
    if (result.index == 0) {
        running.prompt_tokens = last.n_prompt_tokens;
        running.cached_tokens = last.n_prompt_tokens_cache;
        running.timings = json::parse(last.stats.to_json().dump());
        running.id_slot = last.id_slot;
    }
    if (--running.unfinished == 0) {
        finish();
    }
}

void GenerationTask::finish() {
    Running &running = *running_;
    json choices = json::array();
    for (const Choice &choice : running.choices) {
        choices.push_back(choice.to_json());
    }
    const json usage = {{"prompt_tokens", running.prompt_tokens},
                        {"completion_tokens", running.completion_tokens},
                        {"total_tokens", running.prompt_tokens + running.completion_tokens},
                        {"prompt_tokens_details", {{"cached_tokens", running.cached_tokens}}}};
    const json result = {{"choices", std::move(choices)},
                         {"usage", usage},
                         {"timings", running.timings},
                         {"id_slot", running.id_slot},
                         {"model", engine_.meta().model_name}};
    pending_.push_back(Event{.kind = LLMODEL_EVENT_RESULT, .index = 0, .data = dump_json(result)});
    done_ = true;
}

} // namespace

std::shared_ptr<Task> start_generation(Engine &engine, ThreadGroup &threads, Prepare prepare) {
    auto task = std::make_shared<GenerationTask>(engine);
    threads.run([task, prepare = std::move(prepare)] { task->prepare(prepare); });
    return task;
}

std::shared_ptr<Task> start_generation(Engine &engine, const Prepare &prepare) {
    auto task = std::make_shared<GenerationTask>(engine);
    task->prepare(prepare);
    return task;
}

} // namespace llmodel
