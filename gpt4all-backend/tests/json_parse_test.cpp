#include "error.h"
#include "json/parse.h"
#include "json/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace {

using llmodel::Error;
using llmodel::json;
using llmodel::Missing;
using llmodel::parse_json;

Error failure(const std::string &text) {
    try {
        parse_json(text.c_str(), "chat request");
    } catch (const Error &error) {
        EXPECT_EQ(error.status(), LLMODEL_INVALID_ARGUMENT);
        return error;
    }
    ADD_FAILURE() << "accepted: " << text.substr(0, 200);
    return {LLMODEL_OK, ""};
}

std::string nested(size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

TEST(JsonParse, GivesTheValue) {
    const char *text = R"({"z": [1, -2, 3.5, "é\u0041", true, null, {"y": {}}], "a": 18446744073709551615})";
    const json value = parse_json(text, "x");
    EXPECT_EQ(value, json::parse(text));
    EXPECT_EQ(parse_json(" 7 ", "x"), 7);
}

TEST(JsonParse, KeepsTheOrderOfKeys) {
    const char *text = R"({"z":1,"a":{"c":1,"b":2},"m":[]})";
    EXPECT_EQ(parse_json(text, "x").dump(), text);
}

TEST(JsonParse, MissingTextIsRefusedOrEmpty) {
    for (const char *text : {static_cast<const char *>(nullptr), "", " \n"}) {
        EXPECT_THROW(parse_json(text, "chat request"), Error);
        EXPECT_EQ(parse_json(text, "open options", Missing::empty_object), json::object());
    }
}

TEST(JsonParse, SyntaxErrorsSayWhereAndWhy) {
    const Error error = failure("{\"a\": 1,\n \"ä\": tru }");
    EXPECT_EQ(std::string(error.what()), "chat request is not valid JSON: invalid literal at line 2, column 10.");
    EXPECT_EQ(error.detail(), (json{{"line", 2}, {"column", 10}, {"offset", 19}}));

    EXPECT_NE(std::string(failure("{\"a\":").what()).find("unexpected end of input"), std::string::npos);
    EXPECT_NE(std::string(failure("{} {}").what()).find("line 1, column 4"), std::string::npos);
    for (const char *text : {"{'a':1}", "[1,]", "{\"a\":1,}", "[01]", "[NaN]", "[1] // x", "/**/[]", "\"\\ud800\"",
                             "[1e999]", "\"\\x\"", "[\"a\nb\"]", "nul", "-", "+1", "\xEF\xBB"}) {
        failure(text);
    }
}

TEST(JsonParse, InvalidUtf8NamesTheByte) {
    EXPECT_EQ(std::string(failure("{\"a\":\"\xC3\x28\"}").what()), "chat request is not valid UTF-8 at byte offset 6.");
    for (const char *bytes : {"\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                              "\xF5\x80\x80\x80", "\xE2\x82", "\xFF"}) {
        const Error error = failure(std::string("[\"1234567\", \"") + bytes + "\"]");
        EXPECT_EQ(error.detail().at("offset"), 13);
    }
    EXPECT_EQ(parse_json("[\"\xF4\x8F\xBF\xBF\xED\x9F\xBF\xE2\x82\xAC\"]", "x").at(0),
              "\xF4\x8F\xBF\xBF\xED\x9F\xBF\xE2\x82\xAC");
}

TEST(JsonParse, DuplicateKeysAreRefused) {
    EXPECT_NE(std::string(failure(R"({"a":1,"b":{"c":1,"c":2}})").what()).find("the key \"c\" occurs twice"),
              std::string::npos);
    std::string many = "{";
    for (int i = 0; i < 40; ++i) {
        many += "\"k" + std::to_string(i) + "\":0,";
    }
    EXPECT_EQ(parse_json((many + "\"k40\":1}").c_str(), "x").size(), 41u);
    for (const char *key : {"k3", "k15", "k16", "k39"}) {
        EXPECT_NE(std::string(failure(many + "\"" + key + "\":1}").what()).find(key), std::string::npos);
    }
    EXPECT_EQ(parse_json(R"([{"a":1},{"a":2}])", "x").size(), 2u);
}

TEST(JsonParse, LimitsHold) {
    EXPECT_NO_THROW(parse_json(nested(llmodel::max_json_depth).c_str(), "x"));
    EXPECT_NE(std::string(failure(nested(llmodel::max_json_depth + 1)).what()).find("nesting deeper"),
              std::string::npos);
    failure(std::string(5'000'000, '['));
    std::string deep_objects;
    for (int i = 0; i < 100'000; ++i) {
        deep_objects += "{\"a\":";
    }
    failure(deep_objects);

    const std::string longest = "7" + std::string(llmodel::max_json_bytes - 1, ' ');
    EXPECT_EQ(parse_json(longest.c_str(), "x"), 7);
    EXPECT_NE(std::string(failure(longest + " ").what()).find("longer than"), std::string::npos);

    if (TEST_SANITIZED) {
        return; // four million values take fourteen seconds there
    }
    std::string many = "[";
    for (size_t i = 0; i < llmodel::max_json_values; ++i) {
        many += "0,";
    }
    EXPECT_NE(std::string(failure(many + "0]").what()).find("more than"), std::string::npos);
}

/** Seconds would mean that keys are searched from end to end. */
TEST(JsonParse, ManyKeysAreNotQuadratic) {
    std::string many = "{";
    for (int i = 0; i < 300'000; ++i) {
        many += "\"" + std::to_string(i) + "\":0,";
    }
    EXPECT_EQ(parse_json((many + "\"x\":1}").c_str(), "x").size(), 300'001u);
}

TEST(JsonParse, DumpNeverThrows) {
    EXPECT_EQ(llmodel::dump_json(json{{"a", "\xFFz"}}), "{\"a\":\"\xEF\xBF\xBDz\"}");
    EXPECT_EQ(llmodel::dump_json(json{{"b", 1}, {"a", "é"}}), "{\"b\":1,\"a\":\"é\"}");
}

TEST(JsonParse, QuoteShortensAtCodePoints) {
    EXPECT_EQ(llmodel::quote("a\nb"), R"("a\nb")");
    EXPECT_EQ(llmodel::quote("ééééé", 5), "\"éé…\"");
}

} // namespace
