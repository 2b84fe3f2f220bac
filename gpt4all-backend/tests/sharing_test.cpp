// Requests that fit into the context one by one and not together: what each answers.
#include "sharing_fixture.h"
#include "tiny_models.h"

namespace {

using namespace sharing;

const TemporaryFolder &folder() {
    static const TemporaryFolder once;
    return once;
}

std::string written(const char *name, void (*write)(const std::string &)) {
    std::string path = folder().file(name);
    if (!std::filesystem::exists(path)) {
        write(path);
    }
    return path;
}

std::string sliding_window() {
    return written("sliding-window.gguf", llmodel::test::write_sliding_window_model);
}
std::string hybrid() {
    return written("hybrid.gguf", llmodel::test::write_hybrid_model);
}
std::string recurrent() {
    return written("recurrent.gguf", llmodel::test::write_recurrent_model);
}

struct Mode {
    const char *name;
    std::string (*file)();
    json options;
    bool shares = true; // one cache for all
    size_t requests = 12;
};

class Sharing : public testing::TestWithParam<Mode> {};

TEST_P(Sharing, EachEndsAsItWouldAlone) {
    const json options = with_little_room(GetParam().options);
    const Alone expected = alone(GetParam().file(), options, GetParam().requests);
    const EngineLog log;
    const Model model(GetParam().file(), options);
    std::vector<Task> tasks;
    for (const json &request : expected.requests) {
        tasks.push_back(model.start("complete", request));
    }
    for (size_t i = 0; i < tasks.size(); ++i) {
        SCOPED_TRACE(expected.requests[i]["prompt"]);
        expect_same(tasks[i].finish(), expected.results[i]);
    }
    EXPECT_EQ(log.set_aside() > 0, GetParam().shares);
}

const Mode modes[] = {
    {.name = "Defaults", .file = llama, .options = json::object(), .requests = sanitized ? 12 : 32},
    {.name = "ManyAtATime", .file = llama, .options = {{"n_parallel", 32}}, .requests = 32},
    {.name = "ComputedAgain", .file = llama, .options = {{"cache_ram_mib", 0}}},
    {.name = "SomeComputedAgain", .file = llama, .options = {{"cache_ram_mib", 1}, {"n_parallel", 32}}},
    {.name = "OneBatchOfFew", .file = llama, .options = {{"n_batch", 8}, {"cache_ram_mib", 0}}},
    {.name = "ContextShift", .file = llama, .options = {{"context_shift", true}}},
    {.name = "CachesOfTheirOwn",
     .file = llama,
     .options = {{"kv_unified", false}, {"n_ctx", 8 * room}},
     .shares = false},
    {.name = "Ngrams",
     .file = llama,
     .options = {{"speculative", {{"type", "ngram-simple"}, {"ngram_size_n", 2}, {"ngram_size_m", 4}}}}},
    {.name = "Draft", .file = llama, .options = {{"draft", {{"path", llama()}, {"n_max", 4}}}}},
    {.name = "DraftComputedAgain",
     .file = llama,
     .options = {{"draft", {{"path", llama()}, {"n_max", 4}}}, {"cache_ram_mib", 0}}},
    {.name = "MoreDraftsThanABatchHolds",
     .file = llama,
     .options = {{"draft", {{"path", llama()}, {"n_max", 8}}}, {"n_batch", 16}}},
    {.name = "SlidingWindow", .file = sliding_window, .options = json::object()},
    {.name = "SlidingWindowComputedAgain", .file = sliding_window, .options = {{"cache_ram_mib", 0}}},
    {.name = "SlidingWindowInFull", .file = sliding_window, .options = {{"swa_full", true}}},
    {.name = "Hybrid", .file = hybrid, .options = json::object()},
    {.name = "HybridComputedAgain", .file = hybrid, .options = {{"cache_ram_mib", 0}}},
    {.name = "Recurrent", .file = recurrent, .options = json::object(), .shares = false},
};

INSTANTIATE_TEST_SUITE_P(Modes, Sharing, testing::ValuesIn(modes),
                         [](const auto &test) { return std::string(test.param.name); });

json tokens_from(int seed, int count) {
    json tokens = json::array();
    for (int i = 0; i < count; ++i) {
        tokens.push_back(3 + (i * 37 + seed * 101) % 600);
    }
    return tokens;
}

/** What a window hides of a prompt is seen again when the next one goes on from an earlier place. */
TEST(SharingSlidingWindow, ACacheInFullSizeKeepsWhatTheWindowHides) {
    constexpr int begin = 60;
    const json options = with_little_room({{"n_parallel", 2}, {"n_ctx", 256}, {"swa_full", true}});
    const auto request = [](int slot, const json &prompt) {
        return complete(prompt, {{"id_slot", slot}, {"max_tokens", 8}, {"ignore_eos", true}, {"logprobs", 2}});
    };
    json changed = tokens_from(1, begin);
    for (const json &token : tokens_from(9, 10)) {
        changed.push_back(token);
    }
    const Answer expected = Model(sliding_window(), options).run("complete", request(0, changed));
    ASSERT_EQ(expected.status(), LLMODEL_OK) << expected.failure.message;

    const Model model(sliding_window(), options);
    for (const auto &[slot, prompt] : {
             std::pair(1, tokens_from(2, 30)), // lies before what follows
             std::pair(0, tokens_from(1, 100)),
             std::pair(1, tokens_from(3, 84)), // finds room there, and no more than behind it
         }) {
        ASSERT_EQ(model.run("complete", request(slot, prompt)).status(), LLMODEL_OK);
    }
    const Answer answer = model.run("complete", request(0, changed));
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_EQ(answer.result["usage"]["prompt_tokens_details"]["cached_tokens"], begin);
    const json &found = answer.result["choices"][0]["logprobs"]["content"];
    const json &wanted = expected.result["choices"][0]["logprobs"]["content"];
    ASSERT_EQ(found.size(), wanted.size());
    for (size_t i = 0; i < found.size(); ++i) {
        EXPECT_NEAR(found[i]["logprob"].get<double>(), wanted[i]["logprob"].get<double>(), rounding) << i;
    }
}

TEST(SharingHybrid, AnEmptiedSlotBeginsAnew) {
    const json options = with_little_room({{"n_parallel", 3}});
    const Alone expected = alone(hybrid(), options, 1);
    const TemporaryFolder files;
    const std::string empty = files.file("empty.state");
    const Model model(hybrid(), options);
    ASSERT_EQ(state(llmodel_save_state, model, empty, {{"id_slot", 1}}).status, LLMODEL_OK);

    std::vector<Task> tasks;
    for (const int slot : {0, 1, 2}) {
        tasks.push_back(
            model.start("complete", request_of(slot, {{"id_slot", slot}, {"max_tokens", slot == 1 ? 30 : 100}})));
    }
    EXPECT_EQ(tasks[1].finish().status(), LLMODEL_OK);
    EXPECT_EQ(state(llmodel_restore_state, model, empty, {{"id_slot", 1}}).status, LLMODEL_OK);
    EXPECT_EQ(tasks[0].finish().status(), LLMODEL_OK); // beside the third, with the empty state between theirs
    EXPECT_EQ(tasks[2].finish().status(), LLMODEL_OK);

    json request = expected.requests[0];
    request["id_slot"] = 1;
    expect_same(model.run("complete", request), expected.results[0]);
}

/** Leaves those out whose draws are so near to where they would choose another token that rounding decides: where they
 *  run together with room for all, they are not always what they are alone. */
Alone without_close_draws(const std::vector<json> &requests) {
    Alone found;
    std::vector<Answer> first;
    {
        const Model model(llama(), with_little_room());
        for (const json &request : requests) {
            first.push_back(model.run("complete", request));
        }
    }
    std::vector<bool> same(requests.size(), true);
    for (int i = 0; i < 3; ++i) {
        const Model model(llama(), with_little_room({{"n_ctx", 2048}, {"n_parallel", 2 + 4 * i}}));
        const std::vector<Answer> again = together(model, requests);
        for (size_t j = 0; j < requests.size(); ++j) {
            same[j] = same[j] && again[j].text() == first[j].text();
        }
    }
    for (size_t i = 0; i < requests.size(); ++i) {
        if (same[i]) {
            found.requests.push_back(requests[i]);
            found.results.push_back(first[i].result);
        }
    }
    EXPECT_GE(found.requests.size(), requests.size() / 2);
    return found;
}

TEST(SharingState, SamplersGoOnWhereTheyWere) {
    std::vector<json> requests;
    for (int seed = 20; seed < (sanitized ? 26 : 32); ++seed) {
        requests.push_back(request_of(seed, {{"temperature", 1},
                                             {"seed", seed},
                                             {"top_k", 0},
                                             {"repeat_penalty", 1.3},
                                             {"repeat_last_n", 64},
                                             {"grammar", "root ::= ( [a-z ]{7} [a-z ] \".\"? )+"}}));
    }
    const Alone expected = without_close_draws(requests);
    for (const int cache_ram_mib : {512, 0}) {
        const EngineLog log;
        const Model model(llama(), with_little_room({{"cache_ram_mib", cache_ram_mib}}));
        const std::vector<Answer> answers = together(model, expected.requests);
        for (size_t i = 0; i < answers.size(); ++i) {
            EXPECT_EQ(content_of(answers[i]), expected.results[i]["choices"][0]["text"]);
        }
        EXPECT_GT(log.set_aside(), 0);
    }
}

TEST(SharingChoices, AreWhatTheyAreAlone) {
    std::vector<json> requests;
    for (int seed = 0; seed < (sanitized ? 4 : 6); ++seed) {
        std::string prompt;
        for (int i = 0; i < 20 * (seed % 3); ++i) { // the choices share what the prompt takes
            prompt += "the house ";
        }
        prompt += prompt_of(seed);
        requests.push_back(
            request_of(seed, {{"prompt", prompt}, {"n", 4}, {"temperature", 1}, {"top_k", 0}, {"seed", 100 * seed}}));
    }
    const Alone expected = without_close_draws(requests);
    std::vector<json> kinds = {json::object(), {{"cache_ram_mib", 0}}, {{"context_shift", true}}, {{"n_batch", 8}}};
    kinds.resize(sanitized ? 2 : kinds.size());
    for (const json &options : kinds) {
        SCOPED_TRACE(options);
        const EngineLog log;
        const Model model(llama(), with_little_room(options));
        const std::vector<Answer> answers = together(model, expected.requests);
        for (size_t i = 0; i < answers.size(); ++i) {
            const json &result = answers[i].result;
            for (int choice = 0; choice < 4; ++choice) {
                const json &chosen = result["choices"][static_cast<size_t>(choice)];
                EXPECT_EQ(chosen["text"], expected.results[i]["choices"][static_cast<size_t>(choice)]["text"]);
                EXPECT_EQ(chosen["finish_reason"], "length");
                EXPECT_EQ(answers[i].text(LLMODEL_EVENT_TEXT, choice), chosen["text"]);
            }
            EXPECT_EQ(result["usage"]["completion_tokens"], 4 * answer_tokens);
        }
        EXPECT_GT(log.set_aside(), 0);
    }
}

TEST(SharingChoices, EndWithTheContextAlsoWhereItCouldBeShifted) {
    for (const bool shift : {false, true}) {
        const Model model(llama(), with_little_room({{"context_shift", shift}}));
        const Answer answer = model.run("complete", request_of(1, {{"n", 2}, {"max_tokens", 2 * room}}));
        ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        EXPECT_EQ(answer.result["choices"][0]["finish_reason"], "length");
        EXPECT_EQ(answer.result["choices"][1]["finish_reason"], "length");
    }
}

} // namespace
