#include "task_outcome.h"
#include "tiny_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

namespace score_batches {

namespace {

using api::json;
using testing::HasSubstr;

// The tiny models' weights are multiplied by ggml, which rounds otherwise in batches of other sizes.
constexpr double log_tolerance = 2e-4;

json ids(int count, int seed) {
    json tokens = json::array();
    for (int i = 0; i < count; ++i) {
        tokens.push_back(3 + (i * 37 + seed * 101) % 600);
    }
    return tokens;
}

json joined(json first, const json &second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

json input(const json &context, const json &continuations) {
    return {{"context", context}, {"continuations", continuations}};
}

/** Contexts that begin alike, continuations that do, and the same ones twice. */
json mixed_inputs(int count) {
    json inputs = json::array();
    for (int i = 0; i < count; ++i) {
        const json context = joined(ids(30, i % 3), ids(1 + i % 7, i % 5));
        inputs.push_back(
            input(context, {ids(1 + i % 9, i % 2), ids(6, i), joined(ids(6, i), ids(3, i + 1)), ids(1, i)}));
    }
    inputs.push_back(inputs[0]);
    return inputs;
}

std::string written(const std::string &name, void (*write)(const std::string &)) {
    std::string path = (std::filesystem::path(testing::TempDir()) / name).string();
    write(path);
    return path;
}

std::string attention() {
    return api::model_path("tiny-llama-f32.gguf");
}
std::string sliding_window() {
    return written("score-sliding-window.gguf", llmodel::test::write_sliding_window_model);
}
std::string hybrid() {
    return written("score-hybrid.gguf", llmodel::test::write_hybrid_model);
}
std::string recurrent() {
    return written("score-recurrent.gguf", llmodel::test::write_recurrent_model);
}

// Half precision would turn those differences into larger ones.
const json single_precision = {{"cache_type_k", "f32"}, {"cache_type_v", "f32"}, {"flash_attn", "off"}, {"n_ctx", 512}};

struct Kind {
    const char *name;
    std::string (*file)();
};

class ScoreBatches : public testing::TestWithParam<Kind> {
  protected:
    api::Model model{GetParam().file(), single_precision};

    TaskOutcome score_batch(const json &inputs, json more = json::object()) const {
        more["inputs"] = inputs;
        return TaskOutcome(model.run("score_batch", more));
    }

    /** What `score` gives for each input alone. */
    json alone(const json &inputs) const {
        json results = json::array();
        for (const json &each : inputs) {
            const TaskOutcome outcome(model.run("score", each));
            EXPECT_EQ(outcome.status, LLMODEL_OK) << outcome.message;
            results.push_back(outcome.result);
        }
        return results;
    }

    static void expect_alike(const json &found, const json &expected) {
        ASSERT_EQ(found.size(), expected.size());
        for (size_t i = 0; i < found.size(); ++i) {
            EXPECT_EQ(found[i]["context_tokens"], expected[i]["context_tokens"]);
            ASSERT_EQ(found[i]["continuations"].size(), expected[i]["continuations"].size());
            for (size_t j = 0; j < found[i]["continuations"].size(); ++j) {
                const json &one = found[i]["continuations"][j];
                const json &other = expected[i]["continuations"][j];
                EXPECT_EQ(one["tokens"], other["tokens"]);
                ASSERT_EQ(one["token_logprobs"].size(), one["tokens"].size());
                EXPECT_NEAR(one["logprob"].get<double>(), other["logprob"].get<double>(),
                            log_tolerance * static_cast<double>(one["tokens"].size()))
                    << "input " << i << ", continuation " << j;
            }
        }
    }
};

INSTANTIATE_TEST_SUITE_P(Kinds, ScoreBatches,
                         testing::Values(Kind{"Attention", attention}, Kind{"SlidingWindow", sliding_window},
                                         Kind{"Hybrid", hybrid}, Kind{"Recurrent", recurrent}),
                         [](const auto &kind) { return kind.param.name; });

TEST_P(ScoreBatches, GiveWhatEachInputGivesAlone) {
    const json inputs = mixed_inputs(TEST_SANITIZED ? 12 : 60);
    const TaskOutcome all = score_batch(inputs);
    ASSERT_EQ(all.status, LLMODEL_OK) << all.message;
    expect_alike(all.result["results"], alone(inputs));
    ASSERT_FALSE(all.progress.empty());
    EXPECT_EQ(all.progress.back(), (json{{"unit", "inputs"}, {"processed", inputs.size()}, {"total", inputs.size()}}));
    size_t tokens = 0;
    for (const json &result : all.result["results"]) {
        tokens += result["context_tokens"].size();
        for (const json &continuation : result["continuations"]) {
            tokens += continuation["tokens"].size();
        }
    }
    EXPECT_EQ(all.result["usage"]["prompt_tokens"], tokens);
}

TEST_P(ScoreBatches, ShareThingsWithOtherThreads) {
    const json inputs = mixed_inputs(TEST_SANITIZED ? 8 : 24);
    const json expected = alone(inputs);
    std::vector<std::thread> threads;
    std::vector<json> found(5);
    threads.reserve(found.size());
    for (json &each : found) {
        threads.emplace_back([&] { each = score_batch(inputs).result["results"]; });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    for (const json &each : found) {
        expect_alike(each, expected);
    }
}

TEST_P(ScoreBatches, BranchOffAnywhere) {
    json continuations = json::array();
    for (int length = 12; length > 0; --length) { // each parts one token earlier
        continuations.push_back(joined(ids(length, 1), ids(4, 40 + length)));
    }
    const json inputs = {input(ids(9, 1), continuations), input(ids(5, 1), continuations)};
    json separate = json::array();
    for (const json &each : inputs) {
        for (const json &continuation : each["continuations"]) {
            separate.push_back(input(each["context"], json::array({continuation})));
        }
    }
    const json single = alone(separate);
    json expected = alone(inputs);
    for (size_t i = 0; i < separate.size(); ++i) {
        expected[i / continuations.size()]["continuations"][i % continuations.size()] = single[i]["continuations"][0];
    }
    expect_alike(score_batch(inputs).result["results"], expected);
}

class ScoreBatch : public testing::Test {
  protected:
    OpenModel model{"tiny-llama-f32.gguf", single_precision};

    TaskOutcome score_batch(const json &inputs, json more = json::object()) const {
        more["inputs"] = inputs;
        return run_task(model, "score_batch", more);
    }
};

TEST_F(ScoreBatch, TakesMoreContinuationsThanThereAreSequences) {
    json continuations = json::array();
    for (int i = 0; i < 590; ++i) {
        continuations.push_back(json::array({3 + i, 5}));
    }
    const TaskOutcome all = score_batch(json::array({input(ids(4, 1), continuations)}));
    ASSERT_EQ(all.status, LLMODEL_OK) << all.message;
    const TaskOutcome last = run_task(model, "score", input(ids(4, 1), json::array({continuations.back()})));
    EXPECT_NEAR(all.result["results"][0]["continuations"].back()["logprob"].get<double>(),
                last.result["continuations"][0]["logprob"].get<double>(), log_tolerance);
}

TEST_F(ScoreBatch, GivesTheRowsOfEachInput) {
    const json inputs = {input("the cat", {" and the dog", " and"}), input("the", {" cat and"}),
                         input("the cat", {" and the dog"})};
    for (const char *which : {"continuation", "all"}) {
        const TaskOutcome all = score_batch(inputs, {{"logprob_rows", which}});
        ASSERT_EQ(all.status, LLMODEL_OK) << all.message;
        ASSERT_EQ(all.result["rows"].size(), all.floats.size());
        size_t expected_rows = 0;
        for (size_t i = 0; i < inputs.size(); ++i) {
            json request = inputs[i];
            request["logprob_rows"] = which;
            const TaskOutcome one = run_task(model, "score", request);
            expected_rows += one.floats.size();
            for (size_t row = 0; row < one.floats.size(); ++row) {
                json place = one.result["rows"][row];
                place["input"] = i;
                const auto at = std::ranges::find_if(all.result["rows"], [&](const json &each) {
                    return each["input"] == i && each["continuation"] == place["continuation"] &&
                           each["position"] == place["position"];
                });
                ASSERT_NE(at, all.result["rows"].end()) << place;
                EXPECT_THAT(all.floats.at(static_cast<int>(at - all.result["rows"].begin())),
                            testing::Pointwise(testing::FloatNear(1e-3F), one.floats.at(static_cast<int>(row))));
            }
        }
        EXPECT_EQ(all.floats.size(), expected_rows);
    }
}

TEST_F(ScoreBatch, CutsContextsFromTheLeft) {
    const json inputs = {input(ids(700, 1), {ids(20, 2), ids(3, 3)}), input(ids(4, 1), json::array({ids(5, 2)}))};
    const TaskOutcome cut = score_batch(inputs, {{"truncate", true}});
    ASSERT_EQ(cut.status, LLMODEL_OK) << cut.message;
    const std::vector<size_t> lengths = {20, 3};
    for (size_t i = 0; i < lengths.size(); ++i) {
        const size_t left_out = 700 + lengths[i] - 1 - 512;
        const json &found = cut.result["results"][0]["continuations"][i];
        EXPECT_EQ(found["n_truncated"], left_out);
        const json whole = ids(700, 1);
        const json rest(std::vector<json>(whole.begin() + static_cast<std::ptrdiff_t>(left_out), whole.end()));
        const TaskOutcome alone = run_task(model, "score", input(rest, json::array({inputs[0]["continuations"][i]})));
        EXPECT_NEAR(found["logprob"].get<double>(), alone.result["continuations"][0]["logprob"].get<double>(), 5e-3);
    }
    EXPECT_EQ(cut.result["results"][0]["context_tokens"].size(), 700);
    EXPECT_EQ(cut.result["results"][1]["continuations"][0]["n_truncated"], 0);

    const TaskOutcome as_long_as_fits =
        score_batch(json::array({input(ids(9, 1), json::array({ids(512, 2)}))}), {{"truncate", true}});
    EXPECT_EQ(as_long_as_fits.status, LLMODEL_OK) << as_long_as_fits.message;
    const TaskOutcome too_long =
        score_batch(json::array({input(ids(9, 1), json::array({ids(513, 2)}))}), {{"truncate", true}});
    EXPECT_EQ(too_long.status, LLMODEL_CONTEXT_OVERFLOW);
    EXPECT_THAT(too_long.message, HasSubstr("even without its context"));
    const TaskOutcome rows = score_batch(inputs, {{"truncate", true}, {"logprob_rows", "all"}});
    EXPECT_EQ(rows.status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(rows.detail["path"], "/logprob_rows");
}

TEST_F(ScoreBatch, SaysWhichInputIsWrong) {
    const json good = input("the", {" cat"});
    const TaskOutcome overflow = score_batch({good, input(ids(510, 1), {ids(1, 1), ids(9, 2)})});
    EXPECT_EQ(overflow.status, LLMODEL_CONTEXT_OVERFLOW);
    EXPECT_EQ(overflow.detail["input"], 1);
    EXPECT_EQ(overflow.detail["index"], 1);
    EXPECT_EQ(overflow.detail["limit"], 512);
    EXPECT_THAT(overflow.message, HasSubstr("input 1: "));
    const TaskOutcome foreign = score_batch(json::array({input("the", json::array({json::array({99999})}))}));
    EXPECT_EQ(foreign.status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(foreign.detail["input"], 0);
    EXPECT_EQ(score_batch({good, input("the", json::array({""}))}).detail["input"], 1);
    EXPECT_EQ(score_batch(json::array()).status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(score_batch(json::array({input("the", json::array())})).status, LLMODEL_INVALID_ARGUMENT);
    json many = json::array();
    for (int i = 0; i < 65537; ++i) {
        many.push_back(good);
    }
    EXPECT_EQ(score_batch(many).status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(score_batch(json::array({good})).status, LLMODEL_OK);
}

TEST_F(ScoreBatch, LeavesOthersAloneWhenItIsCancelled) {
    const json inputs = mixed_inputs(20);
    const json expected = score_batch(inputs).result["results"];
    json endless = json::array();
    for (int i = 0; i < (api::sanitized ? 1000 : 3000); ++i) {
        endless.push_back(input(ids(200, i), json::array({ids(200, i)})));
    }
    const api::Task task = model.start("score_batch", {{"inputs", endless}});
    std::thread canceller([&] {
        for (int i = 0; i < 3; ++i) {
            EXPECT_EQ(score_batch(inputs).result["results"].size(), inputs.size());
        }
        llmodel_cancel(task.get());
        for (int i = 0; i < 3; ++i) {
            const json found = score_batch(inputs).result["results"];
            EXPECT_NEAR(found[3]["continuations"][1]["logprob"].get<double>(),
                        expected[3]["continuations"][1]["logprob"].get<double>(), 6 * log_tolerance);
        }
    });
    EXPECT_EQ(TaskOutcome(task.finish()).status, LLMODEL_CANCELLED);
    canceller.join();
}

TEST_F(ScoreBatch, RemembersWhatTheLastRequestBeganWith) {
    score_batch(json::array({input(ids(100, 1), json::array({ids(5, 1)}))}));
    const TaskOutcome again = score_batch(json::array({input(ids(100, 1), json::array({ids(5, 2)}))}));
    EXPECT_EQ(again.result["usage"]["prompt_tokens_details"]["cached_tokens"], 99);
}

TEST(ScoreWithoutBos, LetsATokenStandIn) {
    const OpenModel model("trained/shakespeare-mpt-q8_0.gguf");
    const TaskOutcome outcome = run_task(model, "score", input("", {"My lord"}));
    ASSERT_EQ(outcome.status, LLMODEL_OK) << outcome.message;
    ASSERT_EQ(outcome.result["context_tokens"].size(), 1U);
    const TaskOutcome named = run_task(model, "score", input(outcome.result["context_tokens"], {"My lord"}));
    EXPECT_EQ(outcome.result["continuations"], named.result["continuations"]);
    EXPECT_EQ(run_task(model, "score", input(json::array(), {"My lord"})).result["continuations"],
              named.result["continuations"]);
    json without = input("", {"My lord"});
    without["add_special"] = false;
    const TaskOutcome refused = run_task(model, "score", without);
    EXPECT_EQ(refused.status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_THAT(refused.message, HasSubstr("add_special"));
}

} // namespace

} // namespace score_batches
