#include "error.h"
#include "json_schema/compile.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

/** Schemas that are made to take long: each becomes a grammar or a typed error soon. */
namespace {

using llmodel::json;

constexpr double longest_seconds = TEST_SANITIZED ? 100 : 10; // each takes below one on an idle machine

std::string text(const std::string &what, size_t times) {
    std::string made;
    for (size_t i = 0; i < times; ++i) {
        made += what;
    }
    return made;
}

json object(json properties, json more = json::object()) {
    more["type"] = "object";
    more["properties"] = std::move(properties);
    return more;
}

/** A list of what `make` makes of 0, 1, ... */
json list(int count, const std::function<json(int)> &make) {
    json made = json::array();
    for (int i = 0; i < count; ++i) {
        made.push_back(make(i));
    }
    return made;
}

json named(int count, const std::function<json(int)> &make) {
    json made = json::object();
    for (int i = 0; i < count; ++i) {
        made["p" + std::to_string(i)] = make(i);
    }
    return made;
}

json nested(int depth, json inner, const std::function<json(json, int)> &around) {
    for (int i = 0; i < depth; ++i) {
        inner = around(std::move(inner), i);
    }
    return inner;
}

std::string number(int i) {
    return std::to_string(i);
}

json pattern(const std::string &regex) {
    return {{"type", "string"}, {"pattern", regex}};
}

std::vector<std::pair<std::string, json>> hostile() {
    const json any_text = {{"type", "string"}};
    const json integer = {{"type", "integer"}};
    const auto tagged = [&](int i) {
        return object({{"kind", {{"const", "k" + number(i)}}}, {"v", any_text}}, {{"required", {"kind"}}});
    };
    std::vector<std::pair<std::string, json>> made = {
        {"many properties", object(named(4000, [&](int) { return any_text; }))},
        {"long names", object({{text("n", 500000), any_text}, {text("m", 900000), any_text}})},
        {"many tagged", {{"oneOf", list(1000, tagged)}}},
        {"overlapping objects",
         {{"oneOf", list(30,
                         [&](int i) {
                             return object({{"a" + number(i), any_text}, {"b" + number(i), integer}});
                         })}}},
        {"overlapping ranges",
         {{"oneOf", list(100,
                         [](int i) {
                             return json{{"minimum", i}, {"maximum", i + 50}};
                         })}}},
        {"overlapping enums",
         {{"oneOf", list(500,
                         [](int i) {
                             return json{{"enum", {i, i + 1}}};
                         })}}},
        {"overlapping choices",
         {{"oneOf", list(60,
                         [&](int i) {
                             return json{{"anyOf", list(30, [&](int j) {
                                              return object(
                                                  {{"x" + number(j), {{"type", "integer"}, {"minimum", i * j}}}},
                                                  {{"required", {"x" + number(j)}}});
                                          })}};
                         })}}},
        {"conditions",
         {{"oneOf", list(12,
                         [&](int i) {
                             return json{
                                 {"type", "object"},
                                 {"if", object({{"a" + number(i), {{"const", 1}}}}, {{"required", {"a" + number(i)}}})},
                                 {"then", {{"required", {"b" + number(i)}}}}};
                         })}}},
        {"choices of choices",
         {{"type", "integer"},
          {"allOf", list(12,
                         [](int i) {
                             return json{{"anyOf", {{{"minimum", i}}, {{"maximum", -i}}}}};
                         })}}},
        {"choices of names",
         {{"type", "object"},
          {"additionalProperties", any_text},
          {"allOf", list(6,
                         [](int i) {
                             return json{{"anyOf",
                                          {{{"required", {"a" + number(i)}}},
                                           {{"required", {"b" + number(i)}}},
                                           {{"required", {"c" + number(i)}}}}}};
                         })}}},
        {"dependents", object(named(100, [&](int) { return any_text; }),
                              {{"dependentRequired", named(99, [](int i) { return json{"p" + number(i + 1)}; })}})},
        {"nested allOf", nested(25, integer,
                                [](json inner, int i) {
                                    return json{{"allOf", {inner, {{"minimum", i}}}}};
                                })},
        {"nested not", nested(55, {{"const", 1}},
                              [](json inner, int) {
                                  return json{{"not", inner}};
                              })},
        {"nested not of objects",
         nested(12, any_text,
                [](json inner, int i) {
                    return json{{"not", object({{"x", inner}, {"y", {{"minimum", i}}}}, {{"required", {"x"}}})}};
                })},
        {"nested if",
         nested(20, integer,
                [](json inner, int i) {
                    return json{{"if", {{"multipleOf", i + 2}}}, {"then", {{"minimum", i}}}, {"else", inner}};
                })},
        {"nested oneOf", nested(7, integer,
                                [&](json inner, int) {
                                    return json{
                                        {"oneOf",
                                         {object({{"a", inner}}, {{"required", {"a"}}}),
                                          object({{"a", inner}, {"b", any_text}}, {{"required", {"a", "b"}}})}}};
                                })},
        {"repetition", pattern("^[a-z]{50000}$")},
        {"repetitions of repetitions", pattern("^((((a{1,20}){1,20}){1,20}){1,20})$")},
        {"exponential states", pattern("^.*a.{25}$")},
        {"lookaheads", pattern("^(?=.*a)(?=.*b)(?=.*c)(?=.*d)(?=.*e)(?=.*f)(?=.*g)(?=.*h)(?=.*i)(?=.*j).*$")},
        {"groups", pattern("^" + text("(", 5000) + "a" + text(")", 5000) + "$")},
        {"stars", pattern("^" + text("(a*)*", 200) + "$")},
        {"long texts", {{"type", "string"}, {"minLength", 1000000}, {"maxLength", 1000000000}}},
        {"pattern of long texts", {{"type", "string"}, {"pattern", "^[a-z]+( [a-z]+)*$"}, {"maxLength", 100000}}},
        {"patterns together",
         {{"type", "string"},
          {"maxLength", 60},
          {"allOf", list(8,
                         [](int i) {
                             return json{{"pattern", std::string(1, static_cast<char>('a' + i)) + ".{3}" +
                                                         std::string(1, static_cast<char>('i' + i))}};
                         })}}},
        {"patterns of names", {{"type", "object"}, {"patternProperties", named(6, [](int) { return json(true); })}}},
        {"enum", {{"enum", list(100000, [](int i) { return json("value-" + number(i * 7919 % 1000003)); })}}},
        {"enum of objects",
         {{"enum", list(5000,
                        [](int i) {
                            return json{{"a", i}, {"b", {number(i)}}};
                        })}}},
        {"excluded values",
         {{"type", "string"},
          {"not", {{"enum", list(3000, [](int i) { return json("v" + number(i)); })}}},
          {"maxLength", 20}}},
        {"divisors",
         {{"type", "integer"},
          {"allOf", list(8,
                         [](int i) {
                             return json{{"multipleOf", 2 * i + 7}};
                         })}}},
        {"large bounds", {{"type", "integer"}, {"minimum", -1e59}, {"maximum", 1e59}, {"multipleOf", 3999}}},
        {"counted members", object(named(300, [&](int) { return any_text; }), {{"minProperties", 150}})},
        {"counted items",
         {{"type", "array"}, {"contains", integer}, {"minContains", 50}, {"maxContains", 50}, {"maxItems", 55}}},
        {"references",
         {{"$ref", "#/$defs/p0"},
          {"$defs", named(200,
                          [](int i) {
                              return object(named(20, [i](int j) {
                                  return json{{"$ref", "#/$defs/p" + number((i * j + 1) % 200)}};
                              }));
                          })}}},
        {"reference to itself",
         {{"$ref", "#/$defs/a"},
          {"$defs",
           {{"a", {{"anyOf", {{{"$ref", "#/$defs/b"}}, {{"$ref", "#/$defs/a"}}}}}},
            {"b", {{"allOf", {{{"$ref", "#/$defs/a"}}}}}}}}}},
    };
    return made;
}

TEST(JsonSchemaHostile, EndsSoon) {
    const auto schemas = hostile();
    EXPECT_GE(schemas.size(), 30U);
    for (size_t i = 0; i < schemas.size(); i += TEST_SANITIZED ? 3 : 1) { // a minute for all, with a sanitizer
        const auto &[name, schema] = schemas[i];
        SCOPED_TRACE(name);
        const auto begin = std::chrono::steady_clock::now();
        try {
            const auto rules = llmodel::compile_json_schema(schema);
            EXPECT_LE(llmodel::gbnf_of(*rules).size(), size_t{2} << 20);
        } catch (const llmodel::Error &error) {
            EXPECT_EQ(error.status(), LLMODEL_GRAMMAR_ERROR) << error.what();
            EXPECT_TRUE(error.detail().contains("pointer")) << error.what();
        }
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
        EXPECT_LT(seconds.count(), longest_seconds);
    }
}

/** Made once, it is there again at once, as long as it is among the last ones. */
TEST(JsonSchemaHostile, WhatWasMadeIsRemembered) {
    const auto schema = [](int i) { return json{{"enum", {i, "remembered"}}}; };
    const auto first = llmodel::compile_json_schema(schema(0));
    EXPECT_EQ(first, llmodel::compile_json_schema(schema(0)));
    for (int i = 1; i < 40; ++i) {
        llmodel::compile_json_schema(schema(i));
    }
    EXPECT_NE(first, llmodel::compile_json_schema(schema(0)));
}

} // namespace
