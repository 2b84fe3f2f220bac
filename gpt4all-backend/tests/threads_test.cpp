#include "task_outcome.h"

#include <gtest/gtest.h>

namespace {

/** A greedy answer behind more tokens than attention takes in one part, with what the model thought of each token. */
api::json long_answer(int threads) {
    const OpenModel model("tiny-llama-f32.gguf", {{"n_ctx", 2048}, {"threads", threads}, {"adaptive_threads", false}});
    std::vector<int> tokens(900);
    for (size_t i = 0; i < tokens.size(); ++i) {
        tokens[i] = 3 + static_cast<int>(i) * 7 % 200;
    }
    const api::Answer answer = model.run(
        "complete", {{"prompt", tokens}, {"max_tokens", 12}, {"temperature", 0}, {"n_probs", 3}, {"ignore_eos", true}});
    EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    return answer.result.at("choices");
}

TEST(Threads, AnswersDoNotDependOnTheirNumber) {
    const api::json one = long_answer(1);
    EXPECT_EQ(one, long_answer(2));
    EXPECT_EQ(one, long_answer(3));
}

TEST(Threads, FollowTheLoadUnlessToldOtherwise) {
    for (const bool adaptive : {true, false}) {
        const OpenModel model("tiny-llama-f32.gguf", {{"threads", 2}, {"adaptive_threads", adaptive}});
        EXPECT_EQ(model.run("complete", {{"prompt", "Once"}, {"max_tokens", 4}}).status(), LLMODEL_OK);
    }
    const api::Failure refused = api::refuse(api::model_path("tiny-llama-f32.gguf"), {{"adaptive_threads", 1}});
    EXPECT_EQ(refused.status, LLMODEL_INVALID_ARGUMENT);
}

} // namespace
