#include "error.h"
#include "json/closest.h"
#include "json/parse.h"
#include "json/schema.h"
#include "test_paths.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>

namespace {

using llmodel::Error;
using llmodel::json;

const std::filesystem::path tests_dir = test_data;

/** The message for `text`, or an empty string if it is valid. */
std::string message(const std::string &definition, const std::string &text) {
    try {
        llmodel::validate(llmodel::parse_json(text.c_str(), "x"), definition);
    } catch (const Error &error) {
        EXPECT_EQ(error.status(), LLMODEL_INVALID_ARGUMENT);
        return error.what();
    }
    return {};
}

std::string chat(const std::string &rest) {
    return message("chat_request", R"({"messages": [{"role": "user", "content": "Hi"}], )" + rest + "}");
}

TEST(JsonSchema, SamplesAreJudgedAsExpected) {
    std::ifstream file(tests_dir / "json_schema_samples.json");
    const json samples = json::parse(file);
    EXPECT_GT(samples.size(), 60u);
    for (const json &sample : samples) {
        const std::string definition = sample.at("definition");
        try {
            llmodel::validate(sample.at("document"), definition);
            EXPECT_TRUE(sample.at("valid").get<bool>()) << sample;
        } catch (const Error &error) {
            EXPECT_FALSE(sample.at("valid").get<bool>()) << sample << error.what();
            EXPECT_EQ(error.detail().at("definition"), definition);
            EXPECT_EQ(error.detail().at("path"), sample.value("path", "?")) << sample << error.what();
            EXPECT_EQ(error.detail().at("keyword"), sample.value("keyword", "?")) << sample << error.what();
        }
    }
}

TEST(JsonSchema, NullCountsAsNotGivenWhereItIsNoValue) {
    const std::pair<const char *, std::pair<const char *, const char *>> documents[] = {
        {"chat_request",
         {R"({"messages": [{"role": "user", "content": "x", "name": null},
                           {"role": "assistant", "content": null, "tool_calls": [{"id": null, "type": "function",
                            "function": {"name": "f", "arguments": "{}"}}], "refusal": null}],
              "stop": null, "response_format": {"type": "json_object", "schema": null}, "tool_choice": null,
              "tools": [{"type": "function", "function": {"name": "f", "strict": null,
                         "parameters": {"default": null}}}], "chat_template_kwargs": {"x": null}})",
          R"({"messages": [{"role": "user", "content": "x"},
                           {"role": "assistant", "content": null, "tool_calls": [{"type": "function",
                            "function": {"name": "f", "arguments": "{}"}}], "refusal": null}],
              "response_format": {"type": "json_object"},
              "tools": [{"type": "function", "function": {"name": "f", "parameters": {"default": null}}}],
              "chat_template_kwargs": {"x": null}})"}},
        {"complete_request",
         {R"({"prompt": "x", "json_schema": {"const": null}, "seed": null, "lora": null})",
          R"({"prompt": "x", "json_schema": {"const": null}})"}},
        {"open_options",
         {R"({"n_ctx": null, "lora": [{"path": "x", "scale": null}]})", R"({"lora": [{"path": "x"}]})"}},
    };
    for (const auto &[definition, texts] : documents) {
        json given = json::parse(texts.first);
        EXPECT_NO_THROW(llmodel::accept(given, definition)) << texts.first;
        EXPECT_EQ(given, json::parse(texts.second));
    }
    const std::pair<const char *, const char *> refused[] = {
        {R"({"prompt": null})", "/prompt"},
        {R"({"prompt": "x", "stop": [null]})", "/stop/0"},
        {R"({"prompt": "x", "logit_bias": {"5": null}})", "/logit_bias/5"},
        {R"({"prompt": "x", "temprature": null})", "/temprature"},
        {R"(null)", ""},
    };
    for (const auto &[text, path] : refused) {
        json given = json::parse(text);
        try {
            llmodel::accept(given, "complete_request");
            ADD_FAILURE() << text;
        } catch (const Error &error) {
            EXPECT_EQ(error.detail().at("path"), path) << error.what();
        }
    }
}

TEST(JsonSchema, MessagesNameThePropertyTheValueAndWhatIsAllowed) {
    EXPECT_EQ(chat(R"("temperatur": 1)"),
              R"(chat request: "temperatur" is not a known key; did you mean "temperature"?)");
    EXPECT_EQ(chat(R"("maxTokens": 1)"), R"(chat request: "maxTokens" is not a known key; did you mean "max_tokens"?)");
    EXPECT_EQ(chat(R"("frobnicate\n": 1)"), R"(chat request: "frobnicate\n" is not a known key.)");
    EXPECT_EQ(chat(R"("top_p": 3.5)"), R"(chat request: "top_p" is 3.5; it must be between 0 and 1.)");
    EXPECT_EQ(chat(R"("top_p": "high")"), R"(chat request: "top_p" is "high"; it must be a number between 0 and 1.)");
    EXPECT_EQ(chat(R"("top_k": 1.5)"),
              R"(chat request: "top_k" is 1.5; it must be an integer between 0 and 2147483647.)");
    EXPECT_EQ(chat(R"("repeat_penalty": 0)"),
              R"(chat request: "repeat_penalty" is 0; it must be greater than 0 and at most 100.)");
    EXPECT_EQ(chat(R"("stop": [""])"), R"(chat request: "stop[0]" is empty; it must not be.)");
    EXPECT_EQ(chat(R"("stop": {})"), R"(chat request: "stop" is an object; it must be a string or an array.)");
    EXPECT_EQ(
        chat(R"("response_format": {"type": "yaml"})"),
        R"(chat request: "response_format.type" is "yaml"; it must be one of "text", "json_object", "json_schema".)");
    EXPECT_EQ(chat(R"("tool_choice": "automatic")"),
              R"(chat request: "tool_choice" is "automatic"; it must be one of "auto", "none", "required".)");
    EXPECT_EQ(message("chat_request", "{}"), R"(chat request: "messages" is required.)");
    EXPECT_EQ(message("chat_request", "[]"), R"(chat request is an array; it must be an object.)");
    EXPECT_EQ(message("chat_request", R"({"messages": [{"role": "users", "content": "x"}]})"),
              R"(chat request: "messages[0].role" is "users"; it must be one of "system", "developer", "user", )"
              R"("assistant", "tool"; did you mean "user"?)");
    EXPECT_EQ(message("chat_request", R"({"messages": [{"role": "assistant"}]})"),
              R"(chat request: "messages[0]" needs "content" or "tool_calls".)");
    EXPECT_EQ(message("embed_request", R"({"input": 5})"),
              R"(embed request: "input" is 5; it must be a string or an array.)");
    EXPECT_EQ(message("count_tokens_request", "{}"), R"(count tokens request needs "prompt" or "messages".)");
    EXPECT_EQ(message("count_tokens_request", R"({"prompt": "x", "messages": [{"role": "user", "content": "x"}]})"),
              R"(count tokens request takes "prompt" or "messages", but only one of them.)");
    EXPECT_EQ(message("quantize_options", R"({"type": "q4_k_m"})").substr(0, 44),
              R"(quantize options: "type" is "q4_k_m"; it mus)");
}

TEST(JsonSchema, TheFirstViolationInTheDocumentIsReported) {
    EXPECT_NE(chat(R"("top_p": 2, "min_p": 2)").find("top_p"), std::string::npos);
    EXPECT_NE(chat(R"("min_p": 2, "top_p": 2)").find("min_p"), std::string::npos);
}

TEST(JsonSchema, PathsAreJsonPointers) {
    try {
        llmodel::validate(json::parse(R"({"messages": [{"role": "user", "content": "", "a/b~c": 1}]})"),
                          "chat_request");
        FAIL();
    } catch (const Error &error) {
        EXPECT_EQ(error.detail().at("path"), "/messages/0/a~1b~0c");
    }
}

TEST(JsonSchema, HostileTextStaysShortInMessages) {
    const std::string huge(1'000'000, 'x');
    EXPECT_LT(chat("\"" + huge + "\": 1").size(), 250u);
    EXPECT_LT(chat("\"top_p\": \"" + huge + "\"").size(), 250u);
    EXPECT_LT(chat("\"tool_choice\": \"" + huge + "\"").size(), 250u);
}

TEST(JsonSchema, LengthsCountCodePoints) {
    const llmodel::Schema schema(
        json::parse(R"({"$defs": {"x": {"type": "string", "minLength": 2, "maxLength": 3}}})"));
    EXPECT_THROW(schema.validate(json("é"), "x"), Error);
    EXPECT_NO_THROW(schema.validate(json("éé"), "x"));
    EXPECT_NO_THROW(schema.validate(json("€€€"), "x"));
    EXPECT_THROW(schema.validate(json("éééé"), "x"), Error);
}

TEST(JsonSchema, EveryOperationHasItsDefinitions) {
    const auto names = llmodel::schema_definitions();
    const std::set<std::string> defined(names.begin(), names.end());
    for (const std::string operation : {"chat", "complete", "infill", "embed", "rerank", "score", "tokenize",
                                        "detokenize", "apply_template", "count_tokens", "adapters", "save_state"}) {
        EXPECT_EQ(defined.count(operation + "_request"), 1u) << operation;
        EXPECT_EQ(defined.count(operation + "_result"), 1u) << operation;
    }
    for (const char *name :
         {"open_options", "quantize_options", "quantize_result", "imatrix_options", "imatrix_result", "state_request",
          "state_result", "inspect_result", "devices_result", "build_info", "progress_event", "tool_call_event"}) {
        EXPECT_EQ(defined.count(name), 1u) << name;
    }
    EXPECT_THROW(llmodel::validate(json::object(), "no_such_request"), Error);
}

TEST(JsonSchema, RequestsAndOptionsAreClosedAndDescribed) {
    const json definitions = json::parse(llmodel::schema_text()).at("$defs");
    for (const auto &[name, definition] : definitions.items()) {
        EXPECT_FALSE(definition.value("description", "").empty()) << name;
        const json properties = definition.value("properties", json::object());
        for (const auto &[key, property] : properties.items()) {
            EXPECT_TRUE(property.contains("description") || property.contains("$ref")) << name << "." << key;
        }
        if (name.size() > 8 &&
            (name.substr(name.size() - 8) == "_request" || name.substr(name.size() - 8) == "_options")) {
            EXPECT_TRUE(definition.value("additionalProperties", true) == false ||
                        definition.value("unevaluatedProperties", true) == false)
                << name;
        }
    }
}

TEST(JsonSchema, DefaultsAreAllowed) {
    json document = json::parse(llmodel::schema_text());
    const json definitions = document.at("$defs");
    for (const auto &[name, definition] : definitions.items()) {
        const json properties = definition.value("properties", json::object());
        for (const auto &[key, property] : properties.items()) {
            if (property.contains("default")) {
                document["$defs"]["probe"] = property;
                EXPECT_NO_THROW(llmodel::Schema(document).validate(property.at("default"), "probe"))
                    << name << "." << key;
            }
        }
    }
}

/** What the validator would ignore or misread it must not accept. */
TEST(JsonSchema, UnknownKeywordsAndUsesAreRefused) {
    for (const char *definition :
         {R"({"pattern": "x"})", R"({"type": "object", "properties": {"a": {"uniqueItems": true}}})", R"({"if": {}})",
          R"({"not": {}})", R"({"multipleOf": 2})", R"({"type": "text"})", R"({"$ref": "other.json"})",
          R"({"$ref": "#/$defs/y"})", R"({"$ref": "#/$defs/x"})", R"({"enum": [[1]]})",
          R"({"unevaluatedProperties": true})", R"({"properties": {"a": {}}, "allOf": [{"properties": {"a": {}}}]})",
          R"({"additionalProperties": false, "allOf": [{"properties": {"a": {}}}]})",
          R"({"properties": {"b": {}}, "allOf": [{"properties": {"a": {}}, "additionalProperties": false}]})",
          R"({"unevaluatedProperties": false, "anyOf": [{"properties": {"a": {}}}]})"}) {
        const json document = {{"$defs", {{"x", json::parse(definition)}}}};
        EXPECT_THROW(llmodel::Schema{document}, std::logic_error) << definition;
    }
}

TEST(JsonSchema, ClosestFindsSlipsOnly) {
    EXPECT_EQ(llmodel::closest("temprature", {"temperature", "top_p"}), "temperature");
    EXPECT_EQ(llmodel::closest("topP", {"temperature", "top_p", "top_k"}), "top_p");
    EXPECT_EQ(llmodel::closest("completely_other", {"temperature", "top_p"}), "");
    EXPECT_EQ(llmodel::closest("x", {"n"}), "");
}

/** Bounds far above what is measured, so that only a change of order fails on a slow machine. */
TEST(JsonSchema, ValidationIsFast) {
    json messages = json::array();
    for (int i = 0; i < 200; ++i) {
        messages.push_back({{"role", i % 2 == 0 ? "user" : "assistant"}, {"content", std::string(200, 'a')}});
    }
    const json conversation = {{"messages", messages}, {"temperature", 0.5}};
    const json prompt = {{"prompt", std::vector<int>(100'000, 7)}};
    llmodel::validate(conversation, "chat_request");
    const auto seconds = [](const json &document, const char *definition) {
        double best = 1e9; // of several: what else the machine does must not fail the test
        for (int i = 0; i < 5; ++i) {
            const auto start = std::chrono::steady_clock::now();
            llmodel::validate(document, definition);
            best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        }
        return best;
    };
    const double chat_seconds = seconds(conversation, "chat_request");
    const double prompt_seconds = seconds(prompt, "complete_request");
    RecordProperty("chat_microseconds", static_cast<int>(chat_seconds * 1e6));
    RecordProperty("prompt_microseconds", static_cast<int>(prompt_seconds * 1e6));
    EXPECT_LT(chat_seconds, 0.1);
    EXPECT_LT(prompt_seconds, 1.0);
}

} // namespace
