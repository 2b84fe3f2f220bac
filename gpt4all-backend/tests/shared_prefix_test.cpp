// Requests that begin alike: what is computed, and what each answers.
#include "sharing_fixture.h"

namespace {

using namespace sharing;

constexpr int few_tokens = 24;

std::string instructions() {
    std::string text;
    for (int number = 0; number < 30; ++number) {
        text += "rule " + std::to_string(number * 7) + " is that ";
    }
    return text;
}

json with_room(const json &options = json::object()) {
    json all = with_little_room({{"n_ctx", 8192}});
    all.update(options);
    return all;
}

json request_with_instructions(int number, const json &fields = json::object()) {
    json request = request_of(
        number, {{"prompt", instructions() + prompt_of(number).get<std::string>()}, {"max_tokens", few_tokens}});
    request.update(fields);
    return request;
}

/** Requests whose greedy answers do not hang on rounding, with what they give alone. */
Alone alone_with_instructions(size_t count, int max_tokens = few_tokens) {
    const Model model(llama(), with_room());
    Alone found;
    for (int number = 0; found.requests.size() < count && number < 400; ++number) {
        const json request = request_with_instructions(number, {{"max_tokens", max_tokens}});
        json computed = request;
        computed["cache_prompt"] = false;
        const Answer answer = model.run("complete", computed);
        if (answer.status() == LLMODEL_OK && leads_clearly(answer.result["choices"][0])) {
            found.requests.push_back(request);
            found.results.push_back(answer.result);
        }
    }
    EXPECT_EQ(found.requests.size(), count);
    return found;
}

int tokens_of(const std::string &text) {
    const Model model(llama(), {{"n_ctx", 64}});
    return static_cast<int>(model.run("tokenize", {{"content", text}, {"add_special", true}}).result["tokens"].size());
}

int cached(const json &result) {
    return result["usage"]["prompt_tokens_details"]["cached_tokens"].get<int>();
}

TEST(SharedPrefix, IsComputedOnceForAllThatComeTogether) {
    const Alone expected = alone_with_instructions(16);
    const int prefix = tokens_of(instructions()) - 4; // whose last token may have grown together with what follows
    ASSERT_GT(prefix, 100);
    for (const int n_batch : {64, 512}) {
        SCOPED_TRACE(n_batch);
        const Model model(llama(), with_room({{"n_batch", n_batch}}));
        const std::vector<Answer> answers = together(model, expected.requests);
        int computed = 0;
        for (size_t i = 0; i < answers.size(); ++i) {
            expect_same(answers[i], expected.results[i]);
            computed += cached(answers[i].result) < prefix;
        }
        EXPECT_EQ(computed, 1);
    }
}

TEST(SharedPrefix, IsTakenFromAnAnswerThatGoesOn) {
    const Alone expected = alone_with_instructions(2);
    const Model model(llama(), with_room());
    json endless = request_with_instructions(500, {{"max_tokens", 2000}});
    const Task first = model.start("complete", endless);
    Event event;
    while (event.kind != LLMODEL_EVENT_TEXT) {
        ASSERT_EQ(first.next(event).status, LLMODEL_OK);
    }
    for (size_t i = 0; i < expected.requests.size(); ++i) {
        const Answer answer = model.run("complete", expected.requests[i]);
        expect_same(answer, expected.results[i]);
        EXPECT_GT(cached(answer.result), 100);
    }
    first.cancel();
}

TEST(SharedPrefix, OutlivesWhoComputedIt) {
    const Alone expected = alone_with_instructions(8);
    for (int part = 0; part < 4; ++part) { // the first is cancelled at different moments
        const Model model(llama(), with_room({{"n_batch", 32}}));
        const Task first = model.start("complete", request_with_instructions(500, {{"max_tokens", 2000}}));
        std::vector<Task> others;
        for (const json &request : expected.requests) {
            others.push_back(model.start("complete", request));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2 * part));
        first.cancel();
        for (size_t i = 0; i < others.size(); ++i) {
            expect_same(others[i].finish(), expected.results[i]);
        }
    }
}

TEST(SharedPrefix, SurvivesThatThereIsNoRoom) {
    const Alone expected = alone_with_instructions(12);
    for (const int cache_ram_mib : {512, 0}) {
        SCOPED_TRACE(cache_ram_mib);
        const Model model(llama(), with_room({{"n_ctx", 512}, {"cache_ram_mib", cache_ram_mib}}));
        std::vector<json> requests = expected.requests;
        for (int number = 0; number < 6; ++number) { // which begin otherwise, and take much room
            requests.push_back(request_of(number, {{"max_tokens", 100}}));
        }
        const std::vector<Answer> answers = together(model, requests);
        for (size_t i = 0; i < expected.results.size(); ++i) {
            expect_same(answers[i], expected.results[i]);
        }
    }
}

TEST(SharedPrefix, IsNotMovedWhileOthersUseIt) {
    const Alone expected = alone_with_instructions(1, answer_tokens);
    const Model model(llama(), with_room({{"n_parallel", 2}, {"cache_ram_mib", 0}}));
    const Task first = model.start("complete", expected.requests[0]);
    Event event;
    while (event.kind != LLMODEL_EVENT_TEXT) {
        ASSERT_EQ(first.next(event).status, LLMODEL_OK);
    }
    const json one_token = {{"max_tokens", 1}};
    EXPECT_GT(cached(model.run("complete", request_with_instructions(2, one_token)).result), 100);
    const std::string later = instructions().substr(instructions().find("rule 7"));
    const json moved = {{"prompt", later}, {"n_cache_reuse", 8}, {"max_tokens", 1}};
    EXPECT_EQ(model.run("complete", request_of(3, moved)).status(), LLMODEL_OK);
    const Answer answer = first.finish();
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_EQ(answer.result["choices"][0]["text"], expected.results[0]["choices"][0]["text"]);
}

TEST(SharedPrefix, IsComputedByEachThatAsksForNoCache) {
    const Model model(llama(), with_room());
    std::vector<json> requests(6);
    for (int number = 0; number < 6; ++number) {
        requests[static_cast<size_t>(number)] = request_with_instructions(number, {{"cache_prompt", false}});
    }
    for (const Answer &answer : together(model, requests)) {
        EXPECT_EQ(cached(answer.result), 0);
    }
}

} // namespace
