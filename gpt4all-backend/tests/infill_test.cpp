#include "api_fixture.h"

namespace {

using namespace api;

TEST(Infill, IsRefusedWhereTheModelHasNoTokensForIt) {
    const TinyLlama model;
    const Answer answer = model.run("infill", {{"input_prefix", "def f(x):\n"}, {"input_suffix", "return y\n"}});
    EXPECT_EQ(answer.status(), LLMODEL_UNSUPPORTED) << answer.failure.message;
    expect_works(model);
}

TEST(Infill, FillsTheGapWithARealModel) {
    const auto path = real_model();
    if (!path) {
        GTEST_SKIP() << "the real model is not here: run `make model` or set GPT4ALL_TEST_MODEL";
    }
    const Model model(*path, {{"n_ctx", 512}, {"n_parallel", 1}});
    const json request = {{"input_prefix", "def add(a, b):\n"},
                          {"input_suffix", "\nprint(add(1, 2))\n"},
                          {"input_extra", {{{"filename", "b.py"}, {"text", "x = 1\n"}}}},
                          {"prompt", "    return"},
                          {"max_tokens", 8},
                          {"temperature", 0}};
    const Answer answer = model.run("infill", request);
    if (answer.status() == LLMODEL_UNSUPPORTED) {
        GTEST_SKIP() << "the real model was not trained to fill gaps";
    }
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_FALSE(content_of(answer).empty());
    EXPECT_EQ(answer.text(), content_of(answer));
}

} // namespace
