#include "api_fixture.h"

namespace {

using namespace api;

class Adapters : public testing::Test {
  protected:
    static json with_lora(double scale) {
        return {{"lora", {{{"path", model_path("tiny-llama-lora.gguf")}, {"scale", scale}}}}};
    }
    static std::string text(const Model &model, const json &fields = json::object()) {
        json request = complete("the house is", {{"ignore_eos", true}});
        request.update(fields);
        const Answer answer = model.run("complete", request);
        EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        return content_of(answer);
    }
    static json scale(double value) { return {{"lora", {{{"id", 0}, {"scale", value}}}}}; }

    std::string plain = text(TinyLlama());
};

TEST_F(Adapters, CountAsTheyWereOpened) {
    EXPECT_EQ(text(TinyLlama(with_lora(0))), plain);
    const std::string adapted = text(TinyLlama(with_lora(1)));
    EXPECT_NE(adapted, plain);
    EXPECT_EQ(text(TinyLlama(with_lora(0)), scale(1)), adapted);
}

TEST_F(Adapters, ARequestMayScaleThem) {
    const TinyLlama model(with_lora(1));
    const std::string adapted = text(model);
    EXPECT_EQ(text(model, scale(0)), plain);
    EXPECT_EQ(text(model), adapted) << "for one request only";
    EXPECT_EQ(text(model, {{"lora", json::array()}}), plain) << "those that are not named have scale 0";
}

TEST_F(Adapters, TheOperationScalesThemForAll) {
    const TinyLlama model(with_lora(1));
    const std::string adapted = text(model);
    const json listed = model.run("adapters", json::object()).result["adapters"];
    ASSERT_EQ(listed.size(), 1U);
    EXPECT_EQ(listed[0]["id"], 0);
    EXPECT_EQ(listed[0]["scale"], 1);
    EXPECT_EQ(listed[0]["path"], model_path("tiny-llama-lora.gguf"));
    EXPECT_EQ(model.run("adapters", scale(0)).result["adapters"][0]["scale"], 0);
    EXPECT_EQ(text(model), plain);
    EXPECT_EQ(model.run("adapters", scale(1)).result["adapters"][0]["scale"], 1);
    EXPECT_EQ(text(model), adapted);
}

TEST_F(Adapters, UnknownOnesAreNotFound) {
    const TinyLlama model(with_lora(1));
    const json unknown = {{"lora", {{{"id", 1}, {"scale", 1}}}}};
    EXPECT_EQ(model.run("adapters", unknown).status(), LLMODEL_NOT_FOUND);
    const Answer answer = model.run("chat", chat("x", unknown));
    EXPECT_EQ(answer.status(), LLMODEL_NOT_FOUND) << answer.failure.message;
    EXPECT_EQ(answer.failure.detail["id"], 1);
    EXPECT_EQ(TinyLlama().run("complete", complete("x", scale(1))).status(), LLMODEL_NOT_FOUND);
}

TEST_F(Adapters, FilesThatAreNoneAreRefused) {
    const std::string tiny = model_path("tiny-llama-f32.gguf");
    const auto refused = [&](const std::string &path) { return refuse(tiny, {{"lora", {{{"path", path}}}}}).status; };
    EXPECT_EQ(refused(model_path("no-such-file.gguf")), LLMODEL_NOT_FOUND);
    EXPECT_EQ(refused(model_path("README.md")), LLMODEL_INVALID_MODEL);
    EXPECT_EQ(refused(tiny), LLMODEL_UNSUPPORTED) << "a model, not an adapter";
    EXPECT_NE(refuse(model_path("tiny-bert.gguf"), with_lora(1)).status, LLMODEL_OK)
        << "an adapter of another architecture";
}

} // namespace
