#include "chat.h" // llama-common's
#include "jinja/utils.h"
#include "test_paths.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

namespace {

size_t steps = 0;

/** While one lives, `steps` counts what templates do. */
class Counting {
  public:
    Counting() {
        steps = 0;
        jinja::budget_hook = [](size_t, size_t) { ++steps; };
    }
    ~Counting() { jinja::budget_hook = before_; }
    Counting(const Counting &) = delete;
    Counting &operator=(const Counting &) = delete;

  private:
    decltype(jinja::budget_hook) before_ = jinja::budget_hook;
};

common_chat_templates_inputs question(const std::string &text) {
    common_chat_templates_inputs inputs;
    common_chat_msg &message = inputs.messages.emplace_back();
    message.role = "user";
    message.content = text;
    inputs.tools.push_back({"weather", "Tells the weather", R"({"type": "object", "properties": {}})"});
    return inputs;
}

} // namespace

/** What it makes of thoughts and calls is found out by rendering it dozens of times, but only for the first request. */
TEST(RenderedAnalysis, IsMadeOnceForATemplate) {
    std::ifstream file(std::filesystem::path(test_templates) / "Qwen-Qwen3-0.6B.jinja", std::ios::binary);
    const std::string source{std::istreambuf_iterator<char>(file), {}};
    const auto templates = common_chat_templates_init(nullptr, source, "<BOS>", "<EOS>");
    const Counting counting;
    const common_chat_params first = common_chat_templates_apply(templates.get(), question("Who?"));
    const size_t with_analysis = std::exchange(steps, 0);
    const common_chat_params second = common_chat_templates_apply(templates.get(), question("Who?"));
    EXPECT_GT(steps, 0);
    EXPECT_GT(with_analysis, 5 * steps);
    EXPECT_EQ(second.prompt, first.prompt);
    EXPECT_EQ(second.parser, first.parser);
    EXPECT_EQ(second.grammar, first.grammar);
    EXPECT_EQ(second.thinking_start_tag, first.thinking_start_tag);
    EXPECT_NE(common_chat_templates_apply(templates.get(), question("What?")).prompt, first.prompt);
}
