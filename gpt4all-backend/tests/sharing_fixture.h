#pragma once

#include "api_fixture.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <string_view>

/** Requests that fit into the context one by one and not together, each of which has to end as it would alone. */
namespace sharing {

using namespace api;

// With caches in F32 and without flash attention, log-probabilities differ by 1e-5 at most between one batch and
// another.
inline constexpr double rounding = 0.001;
inline constexpr double clear_lead = 0.01; // of the likeliest token over the next
inline constexpr int answer_tokens = 60;
inline constexpr int room = 256; // for three of the answers below with their prompts

/** `options` over those of a model with little room. */
inline json with_little_room(const json &options = json::object()) {
    json all = {{"n_ctx", room},         {"n_batch", 64},         {"threads", 1},       {"n_parallel", 8},
                {"cache_type_k", "f32"}, {"cache_type_v", "f32"}, {"flash_attn", "off"}};
    all.update(options);
    return all;
}

inline json prompt_of(int number) {
    return "the house number " + std::to_string(number) + " is";
}

inline json request_of(int number, const json &fields = json::object()) {
    json request = complete(prompt_of(number), {{"max_tokens", answer_tokens}, {"ignore_eos", true}, {"logprobs", 2}});
    request.update(fields);
    return request;
}

/** What the engine says it does. */
class EngineLog {
  public:
    EngineLog() {
        llmodel_set_log(
            [](llmodel_log_level, const char *text, void *user) { static_cast<EngineLog *>(user)->take(text); }, this,
            LLMODEL_LOG_INFO);
    }
    ~EngineLog() { llmodel_set_log(nullptr, nullptr, LLMODEL_LOG_NONE); }
    EngineLog(const EngineLog &) = delete;
    EngineLog &operator=(const EngineLog &) = delete;

    /** How often a request was set aside. */
    int set_aside() const {
        const std::lock_guard lock(mutex_);
        return set_aside_;
    }

    /** The numbers of the tasks, from 0 in the order in which they were asked for, as they ended. */
    std::vector<int> order_of_ends() const {
        const std::lock_guard lock(mutex_);
        std::vector<int> sorted = ended_;
        std::sort(sorted.begin(), sorted.end());
        std::vector<int> order;
        for (const int task : ended_) {
            order.push_back(static_cast<int>(std::lower_bound(sorted.begin(), sorted.end(), task) - sorted.begin()));
        }
        return order;
    }

  private:
    void take(std::string_view text) {
        const std::lock_guard lock(mutex_);
        set_aside_ += text.find("set aside") != std::string_view::npos;
        if (text.find("stop processing") != std::string_view::npos) {
            ended_.push_back(std::stoi(std::string(text.substr(text.find("task") + 4))));
        }
    }

    mutable std::mutex mutex_;
    int set_aside_ = 0;
    std::vector<int> ended_;
};

/** Requests whose greedy answers do not hang on rounding, with what they give alone. */
struct Alone {
    std::vector<json> requests;
    std::vector<json> results;
};

inline bool leads_clearly(const json &choice) {
    const json &tokens = choice["logprobs"]["content"];
    return std::all_of(tokens.begin(), tokens.end(), [](const json &token) {
        const json &top = token["top_logprobs"];
        return top.size() == 2 && top[0]["logprob"].get<double>() - top[1]["logprob"].get<double>() > clear_lead;
    });
}

/** Alone, it is one that is computed at a time, whatever runs together otherwise: the answers are kept for the next
 *  test that asks for them. */
inline Alone alone(const std::string &file, json options, size_t count) {
    for (const char *of_others : {"draft", "speculative", "cache_ram_mib"}) {
        options.erase(of_others);
    }
    options["context_shift"] = false;
    options["n_parallel"] = 1;
    options["n_batch"] = 64;
    static std::map<std::string, Alone> known;
    Alone &kept = known[file + options.dump()];
    if (kept.requests.size() >= count) {
        const auto first = static_cast<std::ptrdiff_t>(count);
        return {{kept.requests.begin(), kept.requests.begin() + first},
                {kept.results.begin(), kept.results.begin() + first}};
    }
    const Model model(file, options);
    Alone found;
    for (int number = 0; found.requests.size() < count && number < 400; ++number) {
        const Answer answer = model.run("complete", request_of(number));
        EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        if (answer.status() == LLMODEL_OK && leads_clearly(answer.result["choices"][0])) {
            found.requests.push_back(request_of(number));
            found.results.push_back(answer.result);
        }
    }
    EXPECT_EQ(found.requests.size(), count);
    kept = found;
    return found;
}

/** What does not depend on time. */
inline void expect_same(const Answer &answer, const json &expected) {
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    const json &choice = answer.result["choices"][0];
    EXPECT_EQ(choice["text"], expected["choices"][0]["text"]);
    EXPECT_EQ(choice["finish_reason"], expected["choices"][0]["finish_reason"]);
    EXPECT_EQ(answer.text(), choice["text"]) << "no part of the stream is lost or comes twice";
    EXPECT_EQ(std::count_if(answer.events.begin(), answer.events.end(),
                            [](const Event &event) { return event.kind == LLMODEL_EVENT_STARTED; }),
              1);
    const json &usage = answer.result["usage"];
    EXPECT_EQ(usage["prompt_tokens"], expected["usage"]["prompt_tokens"]);
    EXPECT_EQ(usage["completion_tokens"], expected["usage"]["completion_tokens"]);
    const json &timings = answer.result["timings"];
    EXPECT_EQ(timings["prompt_n"].get<int>() + usage["prompt_tokens_details"]["cached_tokens"].get<int>(),
              usage["prompt_tokens"]);
    EXPECT_EQ(timings["predicted_n"], usage["completion_tokens"]);

    if (!timings.contains("draft_n")) { // llama.cpp gives no log-probabilities with drafts
        const json &tokens = choice["logprobs"]["content"];
        const json &others = expected["choices"][0]["logprobs"]["content"];
        ASSERT_EQ(tokens.size(), others.size());
        for (size_t i = 0; i < tokens.size(); ++i) {
            EXPECT_NEAR(tokens[i]["logprob"].get<double>(), others[i]["logprob"].get<double>(), rounding) << i;
        }
    }
}

/** Waits until the engine has the task, so that the order of tasks is known. */
inline void wait_for_start(const Task &task) {
    Event event;
    EXPECT_EQ(task.next(event).status, LLMODEL_OK);
    EXPECT_EQ(event.kind, LLMODEL_EVENT_STARTED);
}

/** Asks all at once. */
inline std::vector<Answer> together(const Model &model, const std::vector<json> &requests) {
    std::vector<Task> tasks;
    tasks.reserve(requests.size());
    for (const json &request : requests) {
        tasks.push_back(model.start("complete", request));
    }
    std::vector<Answer> answers;
    for (const Task &task : tasks) {
        answers.push_back(task.finish());
        EXPECT_EQ(answers.back().status(), LLMODEL_OK) << answers.back().failure.message;
    }
    return answers;
}

inline std::string llama() {
    return model_path("tiny-llama-f32.gguf");
}

} // namespace sharing
