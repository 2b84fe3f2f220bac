#include "task_outcome.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace {

using api::json;
using testing::HasSubstr;

class Rerank : public testing::Test {
  protected:
    OpenModel model{"tiny-bert-rerank.gguf"};
};

TEST_F(Rerank, GivesAllDocumentsBestFirst) {
    const json documents = {"a dog", "the cat", "hello world", "", "paris"};
    const TaskOutcome outcome = run_task(model, "rerank", {{"query", "the cat"}, {"documents", documents}});
    ASSERT_EQ(outcome.status, LLMODEL_OK) << outcome.message;
    const json &results = outcome.result["results"];
    ASSERT_EQ(results.size(), documents.size());
    std::set<int> seen;
    for (size_t i = 0; i < results.size(); ++i) {
        seen.insert(results[i]["index"].get<int>());
        if (i > 0) {
            EXPECT_GE(results[i - 1]["relevance_score"], results[i]["relevance_score"]);
        }
    }
    EXPECT_EQ(seen.size(), documents.size());
    EXPECT_GT(outcome.result["usage"]["prompt_tokens"], 0);
    EXPECT_EQ(outcome.progress.back()["unit"], "inputs");

    const TaskOutcome best = run_task(model, "rerank", {{"query", "the cat"}, {"documents", documents}, {"top_n", 2}});
    ASSERT_EQ(best.result["results"].size(), 2U);
    EXPECT_EQ(best.result["results"][0]["index"], results[0]["index"]);
}

TEST_F(Rerank, JudgesEachDocumentByItself) {
    json documents = json::array();
    for (int i = 0; i < 150; ++i) {
        documents.push_back("document " + std::to_string(i) + std::string(static_cast<size_t>(i % 30), 'x'));
    }
    const TaskOutcome all = run_task(model, "rerank", {{"query", "which one"}, {"documents", documents}});
    ASSERT_EQ(all.status, LLMODEL_OK) << all.message;
    for (const size_t place : {size_t{0}, size_t{70}, size_t{149}}) {
        const json &item = all.result["results"][place];
        const json only = json::array({documents[item["index"].get<size_t>()]});
        const TaskOutcome alone = run_task(model, "rerank", {{"query", "which one"}, {"documents", only}});
        EXPECT_NEAR(alone.result["results"][0]["relevance_score"].get<double>(), item["relevance_score"].get<double>(),
                    0.01); // flash attention rounds to half precision
    }
    const TaskOutcome other = run_task(model, "rerank", {{"query", "cat"}, {"documents", json::array({documents[0]})}});
    const TaskOutcome same =
        run_task(model, "rerank", {{"query", "which one"}, {"documents", json::array({documents[0]})}});
    EXPECT_NE(other.result["results"][0]["relevance_score"], same.result["results"][0]["relevance_score"]);
}

TEST_F(Rerank, NamesTheDocumentThatIsTooLong) {
    const json documents = {"short", std::string(5000, 'x')};
    const TaskOutcome outcome = run_task(model, "rerank", {{"query", "q"}, {"documents", documents}});
    EXPECT_EQ(outcome.status, LLMODEL_CONTEXT_OVERFLOW);
    EXPECT_EQ(outcome.detail["index"], 1) << outcome.message;
}

TEST(RerankUnsupported, SaysSoForOtherModels) {
    for (const char *name : {"tiny-bert.gguf", "tiny-llama-f32.gguf"}) {
        const OpenModel model(name);
        const TaskOutcome outcome = run_task(model, "rerank", {{"query", "q"}, {"documents", {"d"}}});
        EXPECT_EQ(outcome.status, LLMODEL_UNSUPPORTED);
        EXPECT_THAT(outcome.message, HasSubstr("rerank"));
    }
}

} // namespace
