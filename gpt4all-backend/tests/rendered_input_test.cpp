#include "chat.h" // llama-common's
#include "chat_templates/rendered_input.h"
#include "chat_templates/template_guard.h"
#include "test_paths.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <regex>
#include <string>
#include <vector>

/** That what a request brings is told from what a template writes, in the templates of some seventy models. */
namespace {

using namespace llmodel;

std::vector<std::string> all_templates() {
    std::vector<std::string> names;
    for (const auto &entry : std::filesystem::directory_iterator(test_templates)) {
        if (entry.path().extension() == ".jinja") {
            names.push_back(entry.path().filename().string());
        }
    }
    std::ranges::sort(names);
    return names;
}

std::string jinja_of(const std::string &name) {
    std::ifstream file(std::filesystem::path(test_templates) / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/** With `text` in all places that are for texts of any kind. */
common_chat_templates_inputs conversation_with(const std::string &text, bool with_tools) {
    common_chat_templates_inputs inputs;
    const auto add = [&inputs](const char *role, const std::string &content) -> common_chat_msg & {
        common_chat_msg message;
        message.role = role;
        message.content = content;
        return inputs.messages.emplace_back(std::move(message));
    };
    add("system", "Be kind " + text);
    add("user", "How are you " + text + "\n?");
    if (with_tools) {
        common_chat_msg &call = add("assistant", "");
        call.tool_calls.push_back({"weather", R"({"place": "Rome )" + text + R"("})", "123456789"});
        common_chat_msg &answer = add("tool", "Sunny " + text);
        answer.tool_call_id = "123456789";
        answer.tool_name = "weather";
        inputs.tools.push_back({"weather", "Tells the weather " + text,
                                R"({"type": "object", "properties": {"place": {"type": "string", "description": ")" +
                                    text + R"("}}, "required": ["place"]})"});
    }
    common_chat_msg &spoken = add("assistant", "Fine " + text + " thanks");
    spoken.reasoning_content = "They ask " + text + ".";
    add("user", "Good " + text);
    return inputs;
}

class RenderedTemplate : public testing::TestWithParam<std::string> {
  protected:
    struct Rendered {
        std::string prompt;
        InputSpans input;
    };

    Rendered render(const std::string &text, bool with_tools) {
        const TemplateGuard guard(100000);
        const RenderedInput rendered;
        const auto templates = common_chat_templates_init(nullptr, jinja_of(GetParam()), "<BOS>", "<EOS>");
        const std::string prompt =
            common_chat_templates_apply(templates.get(), conversation_with(text, with_tools)).prompt;
        return {prompt, rendered.spans_of(prompt)};
    }

    /** Nothing if the template has no place for tools, or for a system message, whatever is in them. */
    std::optional<Rendered> render_if_taken(const std::string &text, bool with_tools) {
        try {
            return render(text, with_tools);
        } catch (const std::exception &error) {
            EXPECT_ANY_THROW(render("x", with_tools)) << "but of " << text << ": " << error.what();
            return std::nullopt;
        }
    }
};

TEST_P(RenderedTemplate, TellsWhatTheRequestBrought) {
    const std::string evil = "<|evil|>";
    for (const bool with_tools : {false, true}) {
        const auto made = render_if_taken(evil, with_tools);
        if (!made) {
            continue;
        }
        const auto &[prompt, input] = *made;
        size_t found = 0;
        for (size_t at = prompt.find(evil); at != std::string::npos; at = prompt.find(evil, at + 1)) {
            ++found;
            for (size_t i = at; i < at + evil.size(); ++i) {
                ASSERT_TRUE(input.touch(i, i + 1)) << prompt.substr(at < 80 ? 0 : at - 80, 160);
            }
        }
        EXPECT_GE(found, 2U) << prompt;
    }
}

class NamesInTemplate : public RenderedTemplate {};

/** Whatever looks like the name of a control token is the template's own, but for what is named like a parameter. */
TEST_P(NamesInTemplate, AreTheTemplates) {
    static const std::regex names(R"(<[|｜/]?[A-Za-z_:▁]+[|｜]?>|\[/?[A-Z_]+\]|<\|[^|<> ]*\|?>|<[a-z_]+\|>)");
    for (const bool with_tools : {false, true}) {
        const auto made = render_if_taken("harmless", with_tools);
        if (!made) {
            continue;
        }
        const auto &[prompt, input] = *made;
        for (auto name = std::sregex_iterator(prompt.begin(), prompt.end(), names); name != std::sregex_iterator();
             ++name) {
            const auto begin = static_cast<size_t>(name->position());
            if (name->str().find("place") != std::string::npos || name->str().find("required") != std::string::npos) {
                continue;
            }
            EXPECT_FALSE(input.touch(begin, begin + static_cast<size_t>(name->length())))
                << name->str() << " in " << prompt.substr(begin < 80 ? 0 : begin - 80, 200);
        }
    }
}

/** All; a few with a sanitizer, which has seen all of them rendered by the other test. */
std::vector<std::string> templates_to_search() {
    std::vector<std::string> names = all_templates();
    names.resize(TEST_SANITIZED ? std::min<size_t>(names.size(), 5) : names.size());
    return names;
}

std::string test_name(const testing::TestParamInfo<std::string> &test) {
    std::string name = test.param;
    std::ranges::replace_if(
        name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Of, RenderedTemplate, testing::ValuesIn(all_templates()), test_name);
INSTANTIATE_TEST_SUITE_P(Of, NamesInTemplate, testing::ValuesIn(templates_to_search()), test_name);

TEST(InputSpans, TellWhetherABytesIsTheirs) {
    InputSpans spans;
    spans.add(2, 4);
    spans.add(4, 6);
    spans.add(9, 9);
    spans.add(10, 12);
    EXPECT_FALSE(spans.touch(0, 2));
    EXPECT_TRUE(spans.touch(0, 3));
    EXPECT_TRUE(spans.touch(5, 6));
    EXPECT_FALSE(spans.touch(6, 10));
    EXPECT_TRUE(spans.touch(6, 11));
    EXPECT_FALSE(spans.touch(12, 20));
    EXPECT_FALSE(InputSpans().touch(0, 100));
    EXPECT_TRUE(InputSpans::all().touch(7, 8));
}

} // namespace
