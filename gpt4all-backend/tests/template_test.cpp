#include "api_fixture.h"

#include <gmock/gmock.h>

namespace {

using namespace api;

TEST(Template, IsTheModelsOwn) {
    const TinyLlama model;
    const json messages = {{{"role", "system"}, {"content", "Be kind."}}, {{"role", "user"}, {"content", "Hello"}}};
    const Answer answer = model.run("apply_template", {{"messages", messages}});
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_EQ(answer.result["prompt"], "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n"
                                       "<|im_start|>assistant\n");
    const Answer closed = model.run("apply_template", {{"messages", messages}, {"add_generation_prompt", false}});
    EXPECT_THAT(closed.result["prompt"].get<std::string>(), testing::EndsWith("Hello<|im_end|>\n"));
}

TEST(Template, OfTheOptionsWithVariables) {
    const TinyLlama model(
        json{{"chat_template", "{% for m in messages %}[{{ m.role }}:{{ m.content }}:{{ mood }}]{% endfor %}"},
             {"chat_template_kwargs", {{"mood", "good"}}}});
    const json messages = chat("Hello")["messages"];
    EXPECT_EQ(model.run("apply_template", {{"messages", messages}}).result["prompt"], "[user:Hello:good]");
    const json request = {{"messages", messages}, {"chat_template_kwargs", {{"mood", "bad"}}}};
    EXPECT_EQ(model.run("apply_template", request).result["prompt"], "[user:Hello:bad]");
    EXPECT_EQ(model.run("chat", chat("Hello", {{"max_tokens", 2}})).status(), LLMODEL_OK);
}

TEST(Template, PartsOfAMessageAreJoined) {
    const TinyLlama model;
    const json parts = {{{"type", "text"}, {"text", "one"}}, {{"type", "text"}, {"text", "two"}}};
    const json messages = {{{"role", "user"}, {"content", parts}}};
    const Answer answer = model.run("apply_template", {{"messages", messages}});
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_THAT(answer.result["prompt"].get<std::string>(), testing::HasSubstr("one"));
    EXPECT_THAT(answer.result["prompt"].get<std::string>(), testing::HasSubstr("two"));
}

TEST(Template, ImagesAreUnsupported) {
    const TinyLlama model;
    const json image = {{"type", "image_url"}, {"image_url", {{"url", "data:image/png;base64,aGVsbG8="}}}};
    const json messages = {{{"role", "user"}, {"content", json::array({image})}}};
    EXPECT_EQ(model.run("chat", {{"messages", messages}}).status(), LLMODEL_UNSUPPORTED);
    expect_works(model);
}

} // namespace
