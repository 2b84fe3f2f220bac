#include "error.h"
#include "grammar_walker.h"
#include "json_schema/compile.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

/** Grammars without what they cannot say: they admit whatever is valid, and more. */
namespace {

namespace relaxed_schemas {

using llmodel::json;

struct Admits {
    const char *schema;
    std::vector<std::string> good;
    std::vector<std::string> bad;
};

std::string relaxed(const json &schema) {
    return llmodel::gbnf_of(*llmodel::compile_json_schema(schema, {"", false, true}));
}

void expect(const std::vector<Admits> &cases) {
    for (const Admits &one : cases) {
        SCOPED_TRACE(one.schema);
        const json schema = json::parse(one.schema);
        EXPECT_THROW(llmodel::compile_json_schema(schema), llmodel::Error);
        GrammarWalker grammar(relaxed(schema));
        for (const std::string &text : one.good) {
            EXPECT_TRUE(grammar.accepts(text)) << text;
        }
        for (const std::string &text : one.bad) {
            EXPECT_FALSE(grammar.accepts(text)) << text;
        }
    }
}

TEST(JsonSchemaRelaxed, ConditionsAreLeftOutAndNothingUnderThem) {
    expect({
        {R"({"type": "string", "maxLength": 3, "not": {"format": "date"}})", {R"("x")"}, {"1", R"("abcd")"}},
        {R"({"not": {"uniqueItems": true}, "type": "array", "items": {"type": "integer"}})", {"[1, 1]"}, {R"(["x"])"}},
        {R"({"not": {"not": {"not": {"format": "date"}}}, "type": "string"})", {R"("x")"}, {"1"}},
        // behind a reference, within an object
        {R"({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"],
             "not": {"properties": {"a": {"$ref": "#/$defs/date"}}}, "$defs": {"date": {"format": "date"}}})",
         {R"({"a": "x"})"},
         {R"({"a": 1})"}},
        {R"({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"],
             "not": {"$ref": "#/$defs/dated"},
             "$defs": {"dated": {"properties": {"a": {"$ref": "#/$defs/date"}}}, "date": {"format": "date"}}})",
         {R"({"a": "x"})"},
         {R"({"a": 1})"}},
        {R"({"type": "array", "items": {"type": "integer"}, "if": {"minItems": 2, "uniqueItems": true},
             "then": {"maxItems": 2}})",
         {"[1, 1, 1]"},
         {R"(["x"])"}},
        // what "if" says itself cannot be said
        {R"({"type": "array", "items": {"type": "integer"}, "then": {"maxItems": 2},
             "if": {"allOf": [{"contains": {"const": 1}}, {"contains": {"const": 2}}]}})",
         {"[1, 1, 1]"},
         {R"(["x"])"}},
    });
}

TEST(JsonSchemaRelaxed, CountsOfWhatIsOrIsNotValidAreLeftOut) {
    expect({
        {R"({"type": "array", "items": {"type": "string"}, "contains": {"format": "date"}, "maxContains": 1})",
         {R"(["x", "y", "2020-01-01"])"},
         {"[1]"}},
        {R"({"type": "array", "items": {"type": "array", "items": {"type": "integer"}}, "maxContains": 1,
             "contains": {"allOf": [{"contains": {"const": 1}}, {"contains": {"const": 2}}]}})",
         {"[[1], [1], [1, 2]]"},
         {R"(["x"])"}},
        {R"({"oneOf": [{"$ref": "#/$defs/name"}, {"$ref": "#/$defs/link"}],
             "$defs": {"name": {"type": "string", "format": "hostname"},
                       "link": {"type": "string", "format": "uri-reference"}}})",
         {R"("a/b")"},
         {R"("a b")", "1"}},
    });
}

TEST(JsonSchemaRelaxed, WhatDependsOnWhatIsLeftOutIsSoAsWell) {
    const std::string patterns =
        R"({"^a": {"type": "integer"}, "^b": {}, "^c": {}, "^d": {}, "^e": {}, "^f": {}, "^g": {}})";
    const std::string closed =
        R"({"type": "object", "additionalProperties": false, "patternProperties": )" + patterns + "}";
    const std::string listed = R"({"properties": {"k": {"type": "null"}}, "patternProperties": )" + patterns + "}";
    const std::string around =
        R"({"type": "object", "unevaluatedProperties": false, "allOf": [{"patternProperties": )" + patterns + "}]}";
    expect({
        {closed.c_str(), {R"({"a1": 1})", "{}"}, {"1"}},
        {listed.c_str(), {R"({"k": null, "a1": 1})"}, {R"({"k": 1})"}},
        {around.c_str(), {R"({"a1": 1})"}, {"1"}},
    });
}

/** One that is not valid under the schema without what is left out may be valid under it. */
TEST(JsonSchemaRelaxed, ValuesThatAreListedAreKeptIfInDoubt) {
    expect({{R"({"type": "object", "required": ["q"],
                 "properties": {"p": {"$ref": "#/$defs/two"},
                                "q": {"enum": [[1], [1, 2], "x"], "type": "array", "not": {"$ref": "#/$defs/two"}}},
                 "$defs": {"two": {"type": "array", "items": {"type": "integer"},
                                   "allOf": [{"contains": {"const": 1}}, {"contains": {"const": 2}}]}}})",
             {R"({"q": [1]})", R"({"p": [1, 2], "q": [1]})"},
             {R"({"q": "x"})", R"({"p": "x", "q": [1]})"}}});
}

TEST(JsonSchemaRelaxed, ContradictionsAreStillRefused) {
    for (const char *schema : {R"({"type": "integer", "minimum": 5, "maximum": 1, "not": {"format": "date"}})",
                               R"({"type": "array", "minItems": 1, "items": false, "not": {"uniqueItems": true}})"}) {
        EXPECT_THROW(relaxed(json::parse(schema)), llmodel::Error) << schema;
    }
}

/** However much it is, and soon. */
TEST(JsonSchemaRelaxed, AsMuchAsIsNeeded) {
    json many = {{"type", "object"}, {"properties", json::object()}};
    for (int i = 0; i < 300; ++i) {
        many["properties"]["p" + std::to_string(i)] = {{"type", "array"}, {"not", {{"uniqueItems", true}}}};
    }
    json nested = {{"type", "string"}, {"not", {{"format", "date"}}}};
    for (int i = 0; i < 40; ++i) {
        nested = {{"type", "array"}, {"contains", nested}, {"allOf", {{{"contains", {{"const", i}}}}}}};
    }
    for (const json &schema : {many, nested}) {
        const auto begin = std::chrono::steady_clock::now();
        GrammarWalker grammar(relaxed(schema));
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
        EXPECT_LT(seconds.count(), TEST_SANITIZED ? 100 : 10);
        EXPECT_EQ(grammar.accepts("{}"), schema["type"] == "object");
        EXPECT_FALSE(grammar.accepts("1"));
    }
}

} // namespace relaxed_schemas

} // namespace
