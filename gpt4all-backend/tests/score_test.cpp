#include "task_outcome.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <thread>

namespace {

using api::json;
using testing::HasSubstr;

// Log-probabilities of one token after some other differ with the batch they are computed in, by rounding.
constexpr double log_tolerance = 1e-4;

json ids(int count, int seed) {
    json tokens = json::array();
    for (int i = 0; i < count; ++i) {
        tokens.push_back(3 + (i * 37 + seed * 101) % 600);
    }
    return tokens;
}

class Score : public testing::Test {
  protected:
    OpenModel model{"tiny-llama-f32.gguf", {{"cache_type_k", "f32"}, {"cache_type_v", "f32"}, {"flash_attn", "off"}}};

    TaskOutcome score(const json &context, const json &continuations, json more = json::object()) {
        more["context"] = context;
        more["continuations"] = continuations;
        return run_task(model, "score", more);
    }

    double logprob(const json &context, const json &continuation) {
        const TaskOutcome outcome = score(context, json::array({continuation}));
        EXPECT_EQ(outcome.status, LLMODEL_OK) << outcome.message;
        return outcome.result["continuations"][0]["logprob"];
    }
};

TEST_F(Score, AgreesWithItsOwnRows) {
    const TaskOutcome outcome = score("the cat", {" and the dog", " world"}, {{"logprob_rows", "all"}});
    ASSERT_EQ(outcome.status, LLMODEL_OK) << outcome.message;
    const size_t n_context = outcome.result["context_tokens"].size();
    const json &rows = outcome.result["rows"];
    ASSERT_EQ(rows.size(), outcome.floats.size());
    size_t expected_rows = n_context;
    for (size_t i = 0; i < 2; ++i) {
        const json &continuation = outcome.result["continuations"][i];
        const auto tokens = continuation["tokens"].get<std::vector<size_t>>();
        expected_rows += tokens.size() - 1;
        double sum = 0;
        bool greedy = true;
        for (size_t position = 0; position < tokens.size(); ++position) {
            const size_t at = n_context - 1 + position;
            const int owner = position == 0 ? -1 : static_cast<int>(i);
            const auto place = std::ranges::find(rows, json({{"continuation", owner}, {"position", at}}));
            ASSERT_NE(place, rows.end());
            const std::vector<float> &row = outcome.floats.at(static_cast<int32_t>(place - rows.begin()));
            ASSERT_EQ(row.size(), outcome.result["n_vocab"]);
            EXPECT_NEAR(row[tokens[position]], continuation["token_logprobs"][position].get<double>(), log_tolerance);
            const double total =
                std::accumulate(row.begin(), row.end(), 0.0, [](double a, float b) { return a + std::exp(b); });
            EXPECT_NEAR(total, 1.0, 1e-5);
            sum += row[tokens[position]];
            greedy = greedy && *std::ranges::max_element(row) == row[tokens[position]];
        }
        EXPECT_NEAR(continuation["logprob"].get<double>(), sum, log_tolerance);
        EXPECT_EQ(continuation["greedy"], greedy);
    }
    EXPECT_EQ(rows.size(), expected_rows);
}

TEST_F(Score, KnowsTheGreedyContinuation) {
    json context = ids(10, 1);
    json greedy = json::array();
    for (int i = 0; i < 4; ++i) {
        const TaskOutcome next = score(context, json::array({json::array({5})}), {{"logprob_rows", "continuation"}});
        const std::vector<float> &row = next.floats.at(0);
        const auto best = std::ranges::max_element(row) - row.begin();
        context.push_back(best);
        greedy.push_back(best);
    }
    json other = greedy;
    other[3] = (other[3].get<int>() + 1) % 600;
    const TaskOutcome outcome = score(ids(10, 1), {greedy, other});
    EXPECT_EQ(outcome.result["continuations"][0]["greedy"], true);
    EXPECT_EQ(outcome.result["continuations"][1]["greedy"], false);
}

TEST_F(Score, ObeysTheChainRule) {
    const json context = ids(700, 1); // more than one batch
    const json first = ids(5, 2);
    const json second = ids(600, 3);
    json both = first;
    both.insert(both.end(), second.begin(), second.end());
    json longer = context;
    longer.insert(longer.end(), first.begin(), first.end());
    EXPECT_NEAR(logprob(context, both), logprob(context, first) + logprob(longer, second), 0.01);
}

TEST_F(Score, GivesTheSameInABatchAloneAndFromMemory) {
    const json context = ids(40, 1);
    json continuations = json::array();
    const int count = TEST_SANITIZED ? 80 : 200;
    for (int i = 0; i < count; ++i) { // more than run together, some sharing their beginnings, some of one token
        continuations.push_back(ids(1 + i % 60, i % 50));
    }
    const TaskOutcome all = score(context, continuations);
    ASSERT_EQ(all.status, LLMODEL_OK) << all.message;
    for (const size_t i : {size_t{0}, size_t{1}, size_t{61}, static_cast<size_t>(count - 1)}) {
        const TaskOutcome alone = score(context, json::array({continuations[i]}));
        EXPECT_NEAR(alone.result["continuations"][0]["logprob"].get<double>(),
                    all.result["continuations"][i]["logprob"].get<double>(), 1e-3);
        EXPECT_EQ(alone.result["continuations"][0]["tokens"], continuations[i]);
    }
    const TaskOutcome again = score(context, continuations);
    EXPECT_GT(again.result["usage"]["prompt_tokens_details"]["cached_tokens"], 0);
    for (size_t i = 0; i < continuations.size(); ++i) {
        EXPECT_NEAR(again.result["continuations"][i]["logprob"].get<double>(),
                    all.result["continuations"][i]["logprob"].get<double>(), 1e-3);
    }
}

TEST_F(Score, SplitsTextWhereTheContextEnds) {
    const TaskOutcome outcome = score("the cat", json::array({" and dog"}));
    EXPECT_EQ(outcome.result["context_tokens"][0], 1) << "BOS";
    json joined = outcome.result["context_tokens"];
    for (const json &token : outcome.result["continuations"][0]["tokens"]) {
        joined.push_back(token);
    }
    const TaskOutcome whole = run_task(model, "tokenize", {{"content", "the cat and dog"}, {"add_special", true}});
    EXPECT_EQ(joined, whole.result["tokens"]);
    // a space counts with the word that follows it
    EXPECT_NEAR(logprob("the cat ", "and dog"), logprob("the cat", " and dog"), log_tolerance);
    // ids mean what text means
    EXPECT_NEAR(logprob(outcome.result["context_tokens"], outcome.result["continuations"][0]["tokens"]),
                logprob("the cat", " and dog"), log_tolerance);
}

TEST_F(Score, BeginsAfterBosWhereTheContextIsEmpty) {
    EXPECT_NEAR(logprob("", "the cat"), logprob(json::array({1}), "the cat"), log_tolerance);
    const TaskOutcome outcome = score("", json::array({"the cat"}), {{"add_special", false}});
    EXPECT_EQ(outcome.status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_THAT(outcome.message, HasSubstr("empty"));
}

TEST_F(Score, GivesTheRowsOfChosenPositions) {
    const TaskOutcome outcome = score(ids(6, 1), {ids(3, 2), ids(5, 3)}, {{"logprob_rows", {2, 5, 8}}});
    ASSERT_EQ(outcome.status, LLMODEL_OK) << outcome.message;
    // 8 is the last token of the first continuation and in the middle of the second
    json expected = json::array();
    for (const auto &[continuation, position] : {std::pair{-1, 2}, {-1, 5}, {0, 8}, {1, 8}}) {
        expected.push_back({{"continuation", continuation}, {"position", position}});
    }
    EXPECT_THAT(outcome.result["rows"], testing::UnorderedElementsAreArray(expected));
    EXPECT_EQ(outcome.floats.size(), 4U);
    EXPECT_EQ(score(ids(6, 1), json::array({ids(3, 2)}), {{"logprob_rows", {9}}}).status, LLMODEL_INVALID_ARGUMENT);
}

TEST_F(Score, RefusesWhatItCannotTake) {
    const TaskOutcome overflow = score(ids(2000, 1), {ids(3, 2), ids(90, 3)});
    EXPECT_EQ(overflow.status, LLMODEL_CONTEXT_OVERFLOW);
    EXPECT_EQ(overflow.detail["index"], 1) << overflow.message;
    EXPECT_EQ(score(ids(2000, 1), json::array({ids(49, 2)})).status, LLMODEL_OK) << "the last token need not be run";
    const TaskOutcome foreign = score(ids(3, 1), json::array({json::array({1, 99999})}));
    EXPECT_EQ(foreign.status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(foreign.detail["position"], 1) << foreign.message;
    EXPECT_EQ(score("the", json::array({""})).status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(score("the", json::array()).status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(score(std::string(10'000'000, '\n'), // NOLINT(bugprone-string-constructor)
                    json::array({"the"}))
                  .status,
              LLMODEL_CONTEXT_OVERFLOW);
    EXPECT_EQ(logprob("the", " cat"), logprob("the", " cat"));
}

TEST_F(Score, ServesManyThreads) {
    const double expected = logprob("the cat", " and the dog");
    std::vector<double> found(8);
    std::vector<std::thread> threads;
    for (size_t i = 0; i < found.size(); ++i) {
        threads.emplace_back([&, i] {
            for (int round = 0; round < 5; ++round) {
                logprob(ids(30, static_cast<int>(i)), ids(20, round));
                found[i] = logprob("the cat", " and the dog");
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    EXPECT_THAT(found, testing::Each(testing::DoubleNear(expected, log_tolerance)));
}

TEST_F(Score, CanBeCancelledAndThenStillBeRight) {
    const double before = logprob(ids(20, 1), ids(20, 2));
    json many = json::array();
    for (int i = 0; i < 3000; ++i) {
        many.push_back(ids(500, i));
    }
    const json request = {{"context", ids(20, 1)}, {"continuations", many}};
    const api::Task task = model.start("score", request);
    std::thread canceller([&task] {
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        llmodel_cancel(task.get());
    });
    const TaskOutcome cancelled(task.finish());
    canceller.join();
    EXPECT_EQ(cancelled.status, LLMODEL_CANCELLED);
    EXPECT_NEAR(logprob(ids(20, 1), ids(20, 2)), before, log_tolerance);
}

TEST(ScoreUnsupported, SaysSoForAnEncoder) {
    const OpenModel model("tiny-bert.gguf");
    const TaskOutcome outcome = run_task(model, "score", {{"context", "the"}, {"continuations", {" cat"}}});
    EXPECT_EQ(outcome.status, LLMODEL_UNSUPPORTED);
}

} // namespace
