#include "error.h"
#include "json/parse.h"
#include "json_schema/validate.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

/** Whether texts are valid, for what no grammar can say. */
namespace {

namespace validated_texts {

using llmodel::json;
using llmodel::SchemaValidator;

std::string repeat(const std::string &part, size_t times) {
    std::string text;
    for (size_t i = 0; i < times; ++i) {
        text += part;
    }
    return text;
}

json fault(const json &schema, const std::string &text) {
    return SchemaValidator(schema).fault(text);
}

TEST(JsonSchemaValidate, NumbersAreExactWhateverTheirExponents) {
    const struct {
        const char *schema;
        std::vector<const char *> good;
        std::vector<const char *> bad;
    } cases[] = {
        {R"({"uniqueItems": true})",
         {"[0.10000000000000001e-00001, 0.1e-00001]", "[1e-400, 1e-401]", "[0.1, 0.10000000000000001]",
          "[9007199254740993, 9007199254740992]", "[1e-99999999999999999999, 0]"},
         {"[100, 1e2]", "[1, 1.0]", "[0.10e-00001, 0.01e-0000]", "[1e-400, 10e-401]", "[0, -0.0, 1]", "[0e9999999, 0]",
          "[123456789012345678901e-20, 1.23456789012345678901]"}},
        {R"({"exclusiveMinimum": 0})", {"1e-390", "1e-9999", "1e-99999999"}, {"0e-9", "-1e-9999"}},
        {R"({"multipleOf": 0.01})", {"19.99", "-0.07", "1e300", "1999e-2"}, {"0.011", "1e-300", "1e-99999999"}},
        {R"({"multipleOf": 3})", {"300000000000000000000", "3.0", "0.3e1"}, {"100000000000000000000", "3.1"}},
        {R"({"maximum": 9007199254740992})", {"9007199254740992.0"}, {"9007199254740993", "9007199254740992.1"}},
        {R"({"type": "integer"})", {"10e-1", "1.0", "12345678901234567890123.0"}, {"1e-390", "1e-9999999"}},
        {R"({"minimum": 1e300})", {"1e400", "1e99999999", "[1e400]"}, {"-1e400", "1.5E+2"}},
        {R"({"uniqueItems": true})",
         {"[1e400, 1e401, -1e400, 1, \"1e400\"]"},
         {"[1, 1e400, 10e399]", "[1e+0400, 1.0e400]", "[1e400x]", "[1.e400]", "[01e400]", "[1e400e1]", "[1e]"}},
        {R"({"type": "integer"})", {"1e400", "-15e3999"}, {"1e400.5", "\"1e400\""}},
        {R"({"const": 0.1})", {"1e-1", "0.1e0", "0.001e+002"}, {"0.10000000000000001", "0.1e-1"}},
    };
    for (const auto &[schema, good, bad] : cases) {
        SchemaValidator validator(json::parse(schema));
        for (const char *text : good) {
            EXPECT_TRUE(validator.fault(text).is_null()) << schema << " " << text;
        }
        for (const char *text : bad) {
            EXPECT_FALSE(validator.fault(text).is_null()) << schema << " " << text;
        }
    }
}

TEST(JsonSchemaValidate, ValuesMayBeNestedMoreDeeplyThanRequests) {
    const auto nested = [](size_t depth) { return repeat("[", depth) + repeat("]", depth); };
    EXPECT_TRUE(fault(json::object(), nested(llmodel::max_json_depth + 1)).is_null());
    EXPECT_TRUE(fault({{"uniqueItems", true}}, nested(llmodel::max_answer_depth)).is_null());
    const json found = fault(json::object(), nested(llmodel::max_answer_depth + 1));
    EXPECT_NE(found.at("message").get<std::string>().find("nesting deeper"), std::string::npos) << found;
    EXPECT_TRUE(fault({{"type", "array"}, {"items", {{"$ref", "#"}}}}, nested(150)).is_null());
}

TEST(JsonSchemaValidate, OfANameThePointerIsItsObjects) {
    const json schema = {{"properties", {{"a", {{"propertyNames", {{"maxLength", 2}}}}}}}};
    const json found = fault(schema, R"({"a": {"xy": 1, "xyz": 2}})");
    EXPECT_EQ(found.at("pointer"), "/a");
    EXPECT_EQ(found.at("keyword"), "maxLength");
    EXPECT_EQ(found.at("schema_pointer"), "/properties/a/propertyNames");
    EXPECT_NE(found.at("message").get<std::string>().find("\"xyz\""), std::string::npos) << found;
}

json numbers(int count) {
    json made = json::array();
    for (int i = 0; i < count; ++i) {
        made.push_back(i);
    }
    return made;
}

/** By our parser: to add members to a json one by one takes time quadratic in their number. */
json named(int count, const std::string &prefix, const std::function<json(int)> &make) {
    std::string text;
    for (int i = 0; i < count; ++i) {
        text.append(i == 0 ? "" : ",").append("\"" + prefix + std::to_string(i) + "\":" + make(i).dump());
    }
    return llmodel::parse_json(("{" + text + "}").c_str(), "it");
}

std::string list(const std::string &item, int times) {
    return "[" + repeat(item + ",", static_cast<size_t>(times - 1)) + item + "]";
}

/** Each takes a part of a second on an idle machine: it is said, or that it takes too long. */
TEST(JsonSchemaValidate, EndsSoon) {
    constexpr int many = TEST_SANITIZED ? 4000 : 20000; // a sanitizer takes ten times as long
    const auto any = [](int) { return json(true); };
    const json unknown = named(1500, "qwzkey", [](int i) { return json(i); });
    const json others = named(5 * many, "x-", [](int i) { return json(i); });
    const json large = numbers(3 * many);
    json items_of_others = others;
    items_of_others.get_ref<json::object_t &>().emplace_back("type", "integer");
    json definitions = named(many, "d", [](int) { return json{{"type", "integer"}}; });
    const std::string text = repeat("n", 1000000);
    std::vector<std::pair<const char *, std::pair<json, std::string>>> cases = {
        {"a large constant", {{{"items", {{"const", large}}}}, "[" + large.dump() + "," + list("1", many) + "]"}},
        {"a large constant among others",
         {{{"items", {{"anyOf", {{{"const", large}}, {{"type", "integer"}}}}}}}, list("1", many)}},
        {"a large list of values", {{{"items", {{"enum", {large, 1}}}}}, list("2", many)}},
        {"a large value and many constants", {{{"anyOf", json::array()}}, large.dump()}},
        {"many unknown keywords", {{{"items", unknown}}, list("1", many)}},
        {"many keywords of others", {{{"items", items_of_others}}, list("1", many)}},
        {"many properties",
         {{{"properties", named(many, "p", any)}}, named(5000, "q", [](int) { return json(1); }).dump()}},
        {"many required", {{{"required", json::array()}}, named(4000, "p", [](int) { return json(1); }).dump()}},
        {"many dependents",
         {{{"dependentRequired", named(3000, "p", [](int i) { return json{"p" + std::to_string(i / 2)}; })}},
          named(4000, "p", [](int) { return json(1); }).dump()}},
        {"a long name around",
         {{{"properties", json::object({{text, {{"items", {{"type", "integer"}}}}}})}},
          "{\"" + text + "\":" + list("1", many) + "}"}},
        {"the last of many definitions",
         {{{"$defs", definitions}, {"items", {{"$ref", "#/$defs/d" + std::to_string(many - 1)}}}}, list("1", many)}},
        {"many lengths of names",
         {{{"items", {{"format", "hostname"}}}}, list("\"" + repeat("a", 25) + ".example.com\"", many)}},
        {"long steps", {{{"items", {{"multipleOf", 1e-300}}}}, list("1.5", 3000)}},
        {"tiny numbers", {{{"items", {{"minimum", 1e-300}}}}, list("1e-9999", 5 * many)}},
        {"different tiny numbers", {{{"uniqueItems", true}}, list("1e-99999999", 5 * many)}},
        {"deep and large",
         {{{"uniqueItems", true}}, "[" + repeat("[", 390) + list("1", 10 * many) + repeat("]", 390) + ",1]"}},
    };
    for (int i = 0; i < 2000; ++i) {
        cases[3].second.first["anyOf"].push_back({{"const", i}});
    }
    for (int i = 0; i < 4000; ++i) {
        cases[7].second.first["required"].push_back("p" + std::to_string(i));
    }
    for (const auto &[name, given] : cases) {
        SCOPED_TRACE(name);
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_NO_THROW(fault(given.first, given.second));
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
        EXPECT_LT(seconds.count(), TEST_SANITIZED ? 100 : 10);
    }
}

/** As few constants are as long as a value, not all of it is compared with each. */
TEST(JsonSchemaValidate, ALargeValueAmongManyConstants) {
    const json large = numbers(60000);
    json constants = {{"anyOf", json::array()}};
    json lists = constants;
    for (int i = 0; i < 2000; ++i) {
        constants["anyOf"].push_back({{"const", json::array({i, "b"})}});
        lists["anyOf"].push_back({{"enum", {i, json::array({i})}}});
    }
    for (json *schema : {&constants, &lists}) {
        EXPECT_EQ(fault(*schema, large.dump())["keyword"], "anyOf");
        (*schema)["anyOf"].push_back({{"const", large}});
        EXPECT_EQ(fault(*schema, large.dump()), json());
    }
}

} // namespace validated_texts

} // namespace
