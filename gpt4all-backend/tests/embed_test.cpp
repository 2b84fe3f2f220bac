#include "task_outcome.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <thread>

namespace {

using api::json;
using testing::FloatNear;
using testing::HasSubstr;
using testing::Pointwise;

constexpr float rounding = 1e-3F; // flash attention rounds to half precision

double length(const std::vector<float> &vector) {
    return std::sqrt(std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0));
}

std::string repeated(const std::string &word, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) {
        text += word;
    }
    return text;
}

class Embed : public testing::TestWithParam<const char *> {
  protected:
    OpenModel model{GetParam()};
};

TEST_P(Embed, GivesUnitVectorsInTheOrderOfTheInputs) {
    const json inputs = {"the cat", repeated("a long way home ", 12), "a", "the cat", json::array({5, 6, 7})};
    const TaskOutcome all = run_task(model, "embed", {{"input", inputs}});
    ASSERT_EQ(all.status, LLMODEL_OK) << all.message;
    EXPECT_THAT(all.order, testing::ElementsAre(0, 1, 2, 3, 4));
    EXPECT_EQ(all.result["count"], 5);
    EXPECT_EQ(all.result["dimension"], 64);
    EXPECT_EQ(all.result["pooling"], "mean");
    EXPECT_EQ(all.progress.back()["processed"], 5);
    int tokens = 0;
    for (size_t i = 0; i < inputs.size(); ++i) {
        const TaskOutcome alone = run_task(model, "embed", {{"input", json::array({inputs[i]})}});
        ASSERT_EQ(alone.status, LLMODEL_OK) << alone.message;
        EXPECT_NEAR(length(alone.floats.at(0)), 1.0, rounding);
        EXPECT_THAT(all.floats.at(static_cast<int32_t>(i)), Pointwise(FloatNear(rounding), alone.floats.at(0)));
        tokens += alone.result["usage"]["prompt_tokens"].get<int>();
    }
    EXPECT_EQ(all.result["usage"]["prompt_tokens"], tokens);
    EXPECT_GT(std::abs(all.floats.at(0)[0] - all.floats.at(2)[0]), rounding);
}

TEST_P(Embed, NormalisesAsAsked) {
    const json input = "the cat";
    const std::vector<float> raw = run_task(model, "embed", {{"input", input}, {"normalize", false}}).floats.at(0);
    const auto scaled = [&](double norm) {
        std::vector<float> expected = raw;
        std::ranges::transform(raw, expected.begin(), [norm](float x) { return static_cast<float>(x / norm); });
        return expected;
    };
    double largest = 0;
    double taxicab = 0;
    double cubes = 0;
    for (const float value : raw) {
        largest = std::max(largest, std::abs(static_cast<double>(value)));
        taxicab += std::abs(value);
        cubes += std::pow(std::abs(static_cast<double>(value)), 3);
    }
    EXPECT_GT(std::abs(length(raw) - 1.0), 0.01);
    const std::map<int, double> norms = {
        {-1, 1.0}, {0, largest / 32760}, {1, taxicab}, {2, length(raw)}, {3, std::cbrt(cubes)}};
    for (const auto &[kind, norm] : norms) {
        const TaskOutcome outcome = run_task(model, "embed", {{"input", input}, {"embd_normalize", kind}});
        ASSERT_EQ(outcome.status, LLMODEL_OK) << outcome.message;
        const float margin = kind == 0 ? 0.1F : rounding;
        EXPECT_THAT(outcome.floats.at(0), Pointwise(FloatNear(margin), scaled(norm))) << kind;
    }
}

TEST_P(Embed, CutsDimensionsBeforeItNormalises) {
    const std::vector<float> raw = run_task(model, "embed", {{"input", "the cat"}, {"normalize", false}}).floats.at(0);
    const TaskOutcome cut = run_task(model, "embed", {{"input", "the cat"}, {"dimensions", 8}});
    ASSERT_EQ(cut.status, LLMODEL_OK) << cut.message;
    EXPECT_EQ(cut.result["dimension"], 8);
    std::vector<float> expected(raw.begin(), raw.begin() + 8);
    const double norm = length(expected);
    for (float &value : expected) {
        value = static_cast<float>(value / norm);
    }
    EXPECT_THAT(cut.floats.at(0), Pointwise(FloatNear(rounding), expected));
    const TaskOutcome wide = run_task(model, "embed", {{"input", "the cat"}, {"dimensions", 65}});
    EXPECT_EQ(wide.status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_THAT(wide.message, HasSubstr("64"));
}

TEST_P(Embed, RefusesWhatItCannotTake) {
    EXPECT_EQ(run_task(model, "embed", {{"input", ""}}).status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(run_task(model, "embed", {{"input", {"a", ""}}}).status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(run_task(model, "embed", {{"input", json::array()}}).status, LLMODEL_INVALID_ARGUMENT);
    const TaskOutcome foreign = run_task(model, "embed", {{"input", {1, 2, 99999}}});
    EXPECT_EQ(foreign.status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(foreign.detail["position"], 2) << foreign.message;
}

TEST_P(Embed, NamesTheInputThatIsTooLongOrCutsIt) {
    const json inputs = {"short", repeated("the cat ", 3000)};
    const TaskOutcome refused = run_task(model, "embed", {{"input", inputs}});
    EXPECT_EQ(refused.status, LLMODEL_CONTEXT_OVERFLOW);
    EXPECT_EQ(refused.detail["index"], 1) << refused.message;
    EXPECT_TRUE(refused.floats.empty());

    const TaskOutcome cut = run_task(model, "embed", {{"input", inputs}, {"truncate", true}});
    ASSERT_EQ(cut.status, LLMODEL_OK) << cut.message;
    EXPECT_NEAR(length(cut.floats.at(1)), 1.0, rounding);
    const int limit = refused.detail["limit"];
    const int rest = run_task(model, "embed", {{"input", "short"}}).result["usage"]["prompt_tokens"];
    EXPECT_EQ(cut.result["usage"]["prompt_tokens"], limit + rest);
}

TEST_P(Embed, TakesManyInputsAndManyThreads) {
    const int count = api::sanitized ? 300 : 500; // a sanitizer takes ten times as long
    json inputs = json::array();
    for (int i = 0; i < count; ++i) {
        inputs.push_back(repeated("the cat and the dog ", 1 + i % 7) + std::to_string(i % 10));
    }
    std::vector<TaskOutcome> outcomes(4, TaskOutcome(api::Answer{}));
    std::vector<std::thread> threads;
    threads.reserve(outcomes.size());
    for (TaskOutcome &outcome : outcomes) {
        threads.emplace_back([&] { outcome = run_task(model, "embed", {{"input", inputs}}); });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    for (const TaskOutcome &outcome : outcomes) {
        ASSERT_EQ(outcome.status, LLMODEL_OK) << outcome.message;
        ASSERT_EQ(outcome.floats.size(), inputs.size());
        EXPECT_TRUE(std::ranges::is_sorted(outcome.order));
        // inputs recur every 70
        EXPECT_THAT(outcome.floats.at(api::sanitized ? 281 : 491),
                    Pointwise(FloatNear(rounding), outcomes[0].floats.at(1)));
    }
}

TEST_P(Embed, CanBeCancelledAndThenStillBeRight) {
    const TaskOutcome before = run_task(model, "embed", {{"input", "the cat"}});
    const json many(4000, repeated("the cat and the dog ", 20));
    const api::Task task = model.start("embed", {{"input", many}});
    std::thread canceller([&task] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        llmodel_cancel(task.get());
    });
    const TaskOutcome cancelled(task.finish());
    canceller.join();
    EXPECT_EQ(cancelled.status, LLMODEL_CANCELLED);
    const TaskOutcome after = run_task(model, "embed", {{"input", "the cat"}});
    ASSERT_EQ(after.status, LLMODEL_OK) << after.message;
    EXPECT_THAT(after.floats.at(0), Pointwise(FloatNear(rounding), before.floats.at(0)));
}

INSTANTIATE_TEST_SUITE_P(Models, Embed, testing::Values("tiny-bert.gguf", "tiny-llama-f32.gguf"),
                         [](const auto &param) { return param.index == 0 ? "Encoder" : "Generator"; });

TEST(EmbedPooling, PoolsTokenVectorsAsTheOptionsSay) {
    // longer than one batch, so that the sequence comes in pieces
    json ids = json::array();
    for (int i = 0; i < 1300; ++i) {
        ids.push_back(3 + i % 250);
    }
    const json request = {{"input", ids}, {"normalize", false}};
    const auto embed = [&request](const char *pooling) {
        const OpenModel model("tiny-llama-f32.gguf", {{"pooling", pooling}});
        const TaskOutcome outcome = run_task(model, "embed", request);
        EXPECT_EQ(outcome.status, LLMODEL_OK) << outcome.message;
        EXPECT_EQ(outcome.result["pooling"], pooling);
        return outcome.floats.at(0);
    };
    const std::vector<float> each = embed("none");
    ASSERT_EQ(each.size(), 1300U * 64U);
    std::vector<float> mean(64);
    for (size_t i = 0; i < mean.size(); ++i) {
        double sum = 0;
        for (size_t row = 0; row < 1300; ++row) {
            sum += each[row * 64 + i];
        }
        mean[i] = static_cast<float>(sum / 1300);
    }
    EXPECT_THAT(embed("mean"), Pointwise(FloatNear(rounding), mean));
    EXPECT_THAT(embed("cls"), Pointwise(FloatNear(rounding), std::vector<float>(each.begin(), each.begin() + 64)));
    EXPECT_THAT(embed("last"), Pointwise(FloatNear(rounding), std::vector<float>(each.end() - 64, each.end())));
}

TEST(EmbedContext, EndsWhereTheTableOfPositionsDoes) {
    const json text = repeated("the cat ", 300);
    const OpenModel model("tiny-bert.gguf", {{"n_ctx", 2048}});
    const TaskOutcome refused = run_task(model, "embed", {{"input", text}});
    EXPECT_EQ(refused.status, LLMODEL_CONTEXT_OVERFLOW);
    EXPECT_EQ(refused.detail["limit"], 256) << refused.message;
    const TaskOutcome cut = run_task(model, "embed", {{"input", text}, {"truncate", true}});
    ASSERT_EQ(cut.status, LLMODEL_OK) << cut.message;
    EXPECT_EQ(cut.result["usage"]["prompt_tokens"], 256);

    const OpenModel reranker("tiny-bert-rerank.gguf", {{"n_ctx", 2048}});
    const TaskOutcome long_one = run_task(reranker, "rerank", {{"query", "the cat"}, {"documents", {"hello", text}}});
    EXPECT_EQ(long_one.status, LLMODEL_CONTEXT_OVERFLOW);
    EXPECT_EQ(long_one.detail["limit"], 256) << long_one.message;
}

TEST(EmbedReranker, SaysThatItMakesNone) {
    const OpenModel model("tiny-bert-rerank.gguf");
    const TaskOutcome outcome = run_task(model, "embed", {{"input", "the cat"}});
    EXPECT_EQ(outcome.status, LLMODEL_UNSUPPORTED);
    EXPECT_THAT(outcome.message, HasSubstr("rerank"));
}

} // namespace
