#include "operations/answer_check.h"

#include <gmock/gmock.h>

using namespace llmodel;

namespace {

json judged(const std::string &text, const json &tool_calls = json::array()) {
    const json schema = {{"type", "object"}, {"properties", {{"a", {{"type", "number"}}}}}};
    const json function = {{"name", "f"}, {"parameters", schema}, {"strict", false}};
    const json request = {{"json_schema", schema},
                          {"strict", false},
                          {"tools", json::array({{{"type", "function"}, {"function", function}}})}};
    json choice = {{"finish_reason", "length"}};
    AnswerCheck::of(request)->judge(choice, text, tool_calls);
    return choice;
}

std::string why(const json &choice) {
    return choice.at("invalid").at("message").get<std::string>();
}

/** The parser takes 1e400 for an error, as no double holds it, but JSON bounds no numbers. */
TEST(OperationAnswerCheck, WhatEndedBeforeTheCutIsWhole) {
    for (const char *text : {R"({"a": 1})", R"({"a": 1e400})", R"({"a": -123e4567} )"}) {
        EXPECT_EQ(judged(text).at("valid"), true) << text;
        EXPECT_EQ(judged("", json::array({{{"function", {{"name", "f"}, {"arguments", text}}}}})).at("valid"), true);
    }
    EXPECT_THAT(why(judged(R"(["1e400", 1e400])")), testing::Not(testing::HasSubstr("cut short")));
}

TEST(OperationAnswerCheck, WhatDidNotWasCutShort) {
    for (const char *text : {R"({"a": 1e400)", R"({"a": 1e)", R"({"a": 1e400x})", "1e400", "1e40", ""}) {
        EXPECT_EQ(judged(text).at("valid"), false) << text;
        EXPECT_THAT(why(judged(text)), testing::HasSubstr("cut short")) << text;
    }
}

} // namespace
