#include "api_fixture.h"

/** How long a request may be. */
namespace {

using namespace api;

constexpr const char *tiny = "tiny-llama-f32.gguf";

int64_t trained() {
    return inspect(model_path(tiny)).value["n_ctx_train"];
}

int64_t of_one_request(const json &options) {
    const TinyLlama model(options);
    return info(model.get()).value["opened"]["n_ctx"];
}

TEST(Context, IsNoLongerThanTrained) {
    EXPECT_EQ(of_one_request(json{{"n_ctx", 4 * trained()}}), trained());
    EXPECT_EQ(of_one_request(json{{"n_ctx", trained() / 2}}), trained() / 2);
}

TEST(Context, IsExtendedAsFarAsTheFrequenciesSay) {
    EXPECT_EQ(of_one_request(json{{"n_ctx", 2 * trained()}, {"rope_freq_scale", 0.5}}), 2 * trained());
    EXPECT_EQ(of_one_request(json{{"n_ctx", 8 * trained()}, {"rope_freq_scale", 0.5}}), 2 * trained());
    EXPECT_EQ(of_one_request(json{{"n_ctx", 8 * trained()}, {"rope_freq_scale", 0.25}, {"rope_scaling", "linear"}}),
              4 * trained());
    EXPECT_EQ(of_one_request(json{{"n_ctx", 8 * trained()}, {"rope_freq_scale", 0.25}, {"rope_scaling", "yarn"}}),
              4 * trained());
    EXPECT_EQ(of_one_request(json{{"n_ctx", 8 * trained()},
                                  {"rope_freq_scale", 0.25},
                                  {"rope_scaling", "yarn"},
                                  {"yarn_orig_ctx", trained() / 2}}),
              2 * trained());
    EXPECT_EQ(of_one_request(json{{"n_ctx", 4 * trained()}, {"rope_freq_base", 100000.0}}), 4 * trained());
}

TEST(Context, IsNotExtendedByWhatScalesNothing) {
    EXPECT_EQ(of_one_request(json{{"n_ctx", 4 * trained()}, {"rope_freq_scale", 0.5}, {"rope_scaling", "none"}}),
              trained());
    EXPECT_EQ(of_one_request(json{{"n_ctx", 4 * trained()}, {"rope_freq_scale", 2.0}}), trained());
}

/** The file of the tiny LLaMA says that nothing is scaled; the factor is applied all the same. */
TEST(Context, TheFactorCountsWhateverTheFileSays) {
    const json request = complete("the house is", {{"max_tokens", 1}, {"logprobs", 5}});
    const auto likeliest = [&request](const json &options) {
        return TinyLlama(options).run("complete", request).result["choices"][0]["logprobs"];
    };
    EXPECT_NE(likeliest(json{{"rope_freq_scale", 0.25}}), likeliest(json::object()));
    EXPECT_EQ(likeliest(json{{"rope_freq_scale", 0.25}, {"rope_scaling", "none"}}), likeliest(json::object()));
}

TEST(Context, TakesRequestsThatNeedTheExtension) {
    const TinyLlama model(json{{"n_ctx", 2 * trained()}, {"rope_freq_scale", 0.5}, {"n_parallel", 1}});
    const Answer answer = model.run("complete", complete(json(std::vector<int>(static_cast<size_t>(trained()) + 8, 5)),
                                                         {{"max_tokens", 4}, {"ignore_eos", true}}));
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_EQ(answer.result["usage"]["completion_tokens"], 4);
}

} // namespace
