#include "error.h"
#include "grammar_walker.h"
#include "json_schema/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace {

using llmodel::json;

struct Admits {
    const char *schema;
    std::vector<std::string> good;
    std::vector<std::string> bad;
};

class JsonSchemaCompile : public testing::Test {
  protected:
    static void expect(const std::vector<Admits> &cases) {
        for (const Admits &one : cases) {
            SCOPED_TRACE(one.schema);
            GrammarWalker grammar(llmodel::gbnf_of(*llmodel::compile_json_schema(json::parse(one.schema))));
            for (const std::string &text : one.good) {
                EXPECT_TRUE(grammar.accepts(text)) << text;
            }
            for (const std::string &text : one.bad) {
                EXPECT_FALSE(grammar.accepts(text)) << text;
            }
        }
    }

    static llmodel::Error refusal(const char *schema) {
        try {
            llmodel::compile_json_schema(json::parse(schema));
        } catch (const llmodel::Error &error) {
            EXPECT_EQ(error.status(), LLMODEL_GRAMMAR_ERROR);
            return error;
        }
        ADD_FAILURE() << "taken: " << schema;
        return {LLMODEL_OK, ""};
    }
};

TEST_F(JsonSchemaCompile, Types) {
    expect({
        {"true", {"1", "\"x\"", "[]", "{\"a\": [null]}", "true"}, {"", "x", "[1,]", "{1:2}"}},
        {R"({"type": "null"})", {"null"}, {"0", "\"null\""}},
        {R"({"type": ["boolean", "null"]})", {"true", "false", "null"}, {"1"}},
        {R"({"type": "integer", "nullable": true})", {"null", "5"}, {"1.5", "-0", "01"}},
        {R"({"type": "number"})", {"0", "-1.50", "1e10", "2.5E-3"}, {"1.", ".5", "01", "+1", "1e999"}},
        {R"({"type": "string"})",
         {R"("")", R"("a\"\\\n\u00e9\ud83d\ude00")", "\"\u00e9\""},
         {"\"\n\"", R"("\x")", R"("\ud83d")", R"("\ude00")", "\"a"}},
    });
}

TEST_F(JsonSchemaCompile, NumbersKeepTheirBounds) {
    expect({
        {R"({"type": "integer", "minimum": -3, "exclusiveMaximum": 12})",
         {"-3", "-1", "0", "9", "11"},
         {"-4", "12", "-0", "1.0", "00"}},
        {R"({"type": "integer", "minimum": 1700000000000000})",
         {"1700000000000000", "99999999999999999"},
         {"1699999999999999", "170000000000000", "0", "-1700000000000000"}},
        {R"({"type": "integer", "maximum": 9223372036854775807})",
         {"9223372036854775807", "-5"},
         {"9223372036854775808"}},
        {R"({"type": "number", "minimum": 0, "maximum": 1})",
         {"0", "0.5", "1", "1.0", "0.99999"},
         {"-0.1", "1.1", "2", "1e-1", "-0"}},
        {R"({"type": "number", "exclusiveMinimum": 0.25, "exclusiveMaximum": 0.5})",
         {"0.3", "0.26", "0.2500001", "0.49"},
         {"0.25", "0.250", "0.5", "0.2", "0.51", "0"}},
        {R"({"type": "number", "maximum": -2.5})", {"-2.5", "-2.51", "-30"}, {"-2.49", "-2", "0", "2.5"}},
        {R"({"type": "number", "minimum": 0, "exclusiveMinimum": 5})", {"5.1"}, {"5", "0"}},
        {R"({"type": "number", "minimum": 5, "exclusiveMinimum": true})", {"5.1"}, {"5", "0"}},
    });
}

TEST_F(JsonSchemaCompile, MultiplesOf) {
    expect({
        {R"({"type": "integer", "multipleOf": 7})", {"0", "7", "-14", "700"}, {"1", "15", "8"}},
        {R"({"type": "integer", "multipleOf": 3000})", {"0", "3000", "-6000", "30000"}, {"300", "1000", "3"}},
        {R"({"type": "number", "multipleOf": 0.25})", {"0", "0.5", "1.25", "-3", "2.50"}, {"0.1", "0.2", "1.255"}},
        {R"({"type": "number", "multipleOf": 2})", {"4", "-2"}, {"3", "4.0"}},
        {R"({"allOf": [{"multipleOf": 4}, {"multipleOf": 6}], "type": "integer", "minimum": 1, "maximum": 30})",
         {"12", "24"},
         {"0", "4", "6", "8", "30"}},
    });
}

TEST_F(JsonSchemaCompile, LengthsCountCodePoints) {
    expect({
        {R"({"type": "string", "minLength": 2, "maxLength": 3})",
         {R"("ab")", "\"\u00e9\U0001F600x\"", R"("\"\\")", R"("\ud83d\ude00a")"},
         {R"("a")", R"("abcd")", R"("\ud83d\ude00")"}},
        {R"({"type": "string", "minLength": 1, "maxLength": 9223372036854775807})", {R"("a")"}, {R"("")"}},
        {R"({"type": "array", "items": {"const": 1}, "maxItems": 18446744073709551616})", {"[]", "[1]"}, {"[2]"}},
        {R"({"type": "string", "maxLength": 5000})",
         {"\"\"", "\"" + std::string(5000, 'x') + "\""},
         {"\"" + std::string(5001, 'x') + "\""}},
        {R"({"type": "string", "minLength": 4097})",
         {"\"" + std::string(4097, 'x') + "\""},
         {"\"" + std::string(4096, 'x') + "\""}},
        {R"({"type": "string", "pattern": "^[a-z]*$", "minLength": 1, "maxLength": 2})",
         {R"("a")", R"("zz")"},
         {R"("")", R"("abc")", R"("A")"}},
    });
}

TEST_F(JsonSchemaCompile, GreatLengthsCountAsFarAsTheyCan) {
    const std::string beginning = "\"https://example.org/";
    const std::string name = "ada@" + std::string(20, 'a') + "." + std::string(20, 'b') + ".c.d.e.f.g.org";
    expect({
        {R"({"type": "string", "format": "uri", "minLength": 1, "maxLength": 2083})",
         {beginning + std::string(250, 'x') + "\""},
         {beginning + std::string(2083, 'x') + "\"", "\"\"", "\"x\""}},
        {R"({"type": "string", "pattern": "^[a-z.]+/.*$", "minLength": 8, "maxLength": 9000})",
         {R"("abc.def/")", "\"a/" + std::string(500, 'x') + "\""},
         {R"("abcdef/")"}},
        {R"({"type": "string", "format": "email", "maxLength": 254})", {R"("ada.lovelace@mail.example.org")"}, {}},
        {R"({"type": "string", "format": "email", "maxLength": 200})", {"\"" + name + "\""}, {}},
        {R"({"type": "string", "format": "email", "maxLength": 60})",
         {"\"" + name + "\"", R"("a.b@c.de")"},
         {"\"ab" + name + "\"", R"("a@b")", R"("a@-b.de")"}},
        {R"({"type": "string", "format": "hostname", "maxLength": 128})",
         {R"("a")", R"("www.example.org")"},
         {R"("-a")"}},
    });
}

TEST_F(JsonSchemaCompile, StringsOfOneKindAreWrittenOnce) {
    json schema = {{"type", "object"}, {"properties", json::object()}};
    for (int i = 0; i < 20; ++i) {
        schema["properties"]["link" + std::to_string(i)] = {
            {"type", "string"}, {"format", "uri"}, {"minLength", 1}, {"maxLength", 2083}};
    }
    GrammarWalker grammar(llmodel::gbnf_of(*llmodel::compile_json_schema(schema)));
    EXPECT_TRUE(grammar.accepts(R"({"link0": "https://example.org/", "link19": "urn:x"})"));
    EXPECT_FALSE(grammar.accepts(R"({"link0": "https://example.org/", "link19": "x"})"));
}

TEST_F(JsonSchemaCompile, PatternsAreEcmaScripts) {
    expect({
        {R"({"type": "string", "pattern": "^[A-Z]{3}-\\d{3}$"})", {R"("ABC-123")"}, {R"("ABC-12")", R"("abc-123")"}},
        {R"({"type": "string", "pattern": "^\"q\\\\\"$"})", {R"("\"q\\\"")"}, {R"("q")"}},
        {R"({"type": "string", "pattern": "^[^@]+@.+$"})",
         {R"("a@b")", R"("\u0000\n@\t")"},
         {R"("@b")", "\"a@\n\"", R"("a@\n")", R"("a"@b")"}},
        {R"({"type": "string", "pattern": "b$"})", {R"("b")", R"("ab")"}, {R"("a")", R"("ba")"}},
        {R"({"type": "string", "pattern": "^https?://"})", {R"("https://a b")", R"("http://")"}, {R"("ftp://")"}},
        {R"({"type": "string", "pattern": "[0-9]{3}", "maxLength": 9})", {R"("123")", R"("a1234b")"}, {R"("12a3")"}},
        {R"({"type": "string", "pattern": "^(?:cat|dog)s?$|^fish$"})", {R"("cats")", R"("fish")"}, {R"("fishs")"}},
        {R"({"type": "string", "pattern": "^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$"})",
         {R"("1")", R"("-.5")", R"("00")"},
         {R"("-")", R"(".")", R"("")", R"("1.2.3")"}},
        {R"({"type": "string", "pattern": "^(?=.*[A-Z])(?=.*\\d)\\w{4,}$"})",
         {R"("abC1")"},
         {R"("abc1")", R"("ABCD")", R"("A1")"}},
        {R"({"type": "string", "pattern": "^[a-z](?:[a-z]|-(?=[a-z])){0,5}$"})",
         {R"("a-b-c")", R"("abcdef")"},
         {R"("a-")", R"("a--b")", R"("-a")", R"("abcdefg")"}},
        {R"({"type": "string", "pattern": "^P(?:(\\d+W)|(?!.*W)(?=\\d|T\\d)(\\d+D)?(T(?=\\d)(\\d+H)?(\\d+S)?)?)$"})",
         {R"("P3W")", R"("P1D")", R"("P1DT2H")", R"("PT2H5S")"},
         {R"("P")", R"("PT")", R"("P1DT")", R"("P1W2D")"}},
        {R"({"type": "string", "pattern": "^a(?!b).*$"})", {R"("a")", R"("acb")"}, {R"("ab")", R"("abc")"}},
        {R"({"type": "string", "pattern": "(?=.*z)a$|^q"})", {R"("q")"}, {R"("za")", R"("a")"}},
        {R"({"type": "string", "pattern": "b(?=c.?$)c", "maxLength": 9})",
         {R"("abc")", R"("bcd")"},
         {R"("bcde")", R"("b")"}},
        {R"({"type": "string", "pattern": "^a+?b{2,3}?$"})", {R"("aabb")"}, {R"("ab")"}},
        {R"({"type": "string", "pattern": "^\\u{1F600}\\uD83D\\uDE00[\\u4e00-\\u9fff]$"})",
         {"\"\U0001F600\U0001F600\u4e00\""},
         {"\"\U0001F600\""}},
        {R"({"type": "string", "pattern": "^[\\w-.]+$"})", {R"("a-.")"}, {R"(",")"}},
        {R"({"type": "string", "pattern": "^x{2$"})", {R"("x{2")"}, {R"("xx")"}},
        {R"({"allOf": [{"pattern": "^[a-m]*$"}, {"pattern": "^[g-z]*$"}], "type": "string"})",
         {R"("gm")"},
         {R"("a")", R"("z")"}},
    });
}

TEST_F(JsonSchemaCompile, Formats) {
    expect({
        {R"({"type": "string", "format": "date"})",
         {R"("2024-02-29")", R"("2000-02-29")", R"("1999-12-31")"},
         {R"("2023-02-29")", R"("1900-02-29")", R"("2024-04-31")", R"("0000-01-01")", R"("2024-1-1")"}},
        {R"({"type": "string", "format": "date-time"})",
         {R"("2024-02-29T23:59:59.123Z")", R"("2024-01-01T00:00:00+01:00")"},
         {R"("2024-01-01 00:00:00Z")", R"("2024-01-01T24:00:00Z")", R"("2024-01-01T00:00:00")"}},
        {R"({"type": "string", "format": "ipv6"})",
         {R"("::")", R"("::1")", R"("fe80::1:2")"},
         {R"(":::")", R"("1::2::3")", R"("1:2:3:4:5:6:7")"}},
        {R"({"type": "string", "format": "ipv4"})",
         {R"("255.0.10.1")"},
         {R"("256.0.0.1")", R"("1.2.3")", R"("01.2.3.4")"}},
        {R"({"type": "string", "format": "email"})",
         {R"("a.b@example.org")"},
         {R"("a@b@c.de")", R"("a@b")", R"("@b.de")"}},
        {R"({"type": "string", "format": "uri"})",
         {R"("https://example.org/a?b=%20#c")", R"("mailto:a@b.c")"},
         {R"("a b")", R"("//x")", R"("x:%2")"}},
        {R"({"type": "string", "format": "uuid"})",
         {R"("123e4567-e89b-12d3-a456-426614174000")"},
         {R"("123e4567e89b12d3a456426614174000")"}},
        {R"({"type": "string", "format": "duration"})",
         {R"("P1Y2M3DT4H5M6S")", R"("P3W")", R"("PT5M")"},
         {R"("P")", R"("PT")", R"("P1Y3D")"}},
        {R"({"type": "string", "format": "password"})", {R"("anything")"}, {}},
    });
}

TEST_F(JsonSchemaCompile, ValuesAreThoseThatAllKeywordsAllow) {
    expect({
        {R"({"enum": ["red", 2, null, {"b": [1]}]})", {R"("red")", "2", "null", R"({"b":[1]})"}, {R"("blue")"}},
        {R"({"enum": [1, 2, 3, "x", null], "type": "integer", "minimum": 2})", {"2", "3"}, {"1", "null", R"("x")"}},
        {R"({"enum": [1, 2, 3], "not": {"const": 2}})", {"1", "3"}, {"2"}},
        {R"({"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]})", {R"("b")"}, {R"("a")", R"("c")"}},
        {R"({"const": "a\"\\b\n"})", {R"("a\"\\b\n")"}, {R"("a")"}},
        {R"({"const": [1, 2], "uniqueItems": true})", {"[1,2]"}, {"[1]"}},
    });
}

TEST_F(JsonSchemaCompile, Objects) {
    expect({
        {R"({"type": "object", "properties": {"b": {"const": 1}, "a": {"const": 2}}, "required": ["a"]})",
         {R"({"b":1,"a":2})", R"({ "a" : 2 })"},
         {R"({"a":2,"b":1})", R"({"b":1})", "{}", R"({"a":2,"c":3})", R"({"a":2,})"}},
        {R"({"type": "object", "properties": {"a": {"const": 1}}, "required": ["z"], "additionalProperties": {"type": "null"}})",
         {R"({"z":null})", R"({"a":1,"z":null,"y":null})"},
         {R"({"a":1})", R"({"z":1})", R"({"z":null,"a":null})"}},
        {R"({"type": "object", "properties": {"ab": {"const": 1}}, "additionalProperties": {"const": 2}})",
         {R"({"ab":1,"a":2,"abc":2,"":2,"b\"":2})", "{}"},
         {R"({"ab":2})", R"({"\u0061b":2})", R"({"a\":2})"}},
        {R"({"type": "object"})", {"{}", R"({"a":{"b":[]}})"}, {"[]"}},
        {R"({"type": "object", "properties": {}})", {"{}"}, {R"({"a":1})"}},
        {R"({"type": "object", "properties": {"a": {"const": 1}, "b": {"const": 1}, "c": {"const": 1}},
             "minProperties": 2, "maxProperties": 2})",
         {R"({"a":1,"b":1})", R"({"a":1,"c":1})", R"({"b":1,"c":1})"},
         {"{}", R"({"a":1})", R"({"a":1,"b":1,"c":1})"}},
        {R"({"type": "object", "minProperties": 1, "maxProperties": 2, "additionalProperties": {"const": 1}})",
         {R"({"a":1})", R"({"a":1,"b":1})"},
         {"{}", R"({"a":1,"b":1,"c":1})"}},
        {R"({"type": "object", "properties": {"a": {}}, "additionalProperties": {}, "maxProperties": 0})",
         {"{}"},
         {R"({"a":1})", R"({"b":1})"}},
        {R"({"properties": {"a": {}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
             "unevaluatedProperties": false})",
         {R"({"a":1})"},
         {R"({"b":1})", R"({"a":1,"b":1})"}},
        {R"({"type": "object", "properties": {"a": false, "b": {"const": 1}}})", {R"({"b":1})", "{}"}, {R"({"a":1})"}},
        {R"({"type": "object", "patternProperties": {"^x": {"type": "integer"}, "y$": {"minimum": 3}},
             "additionalProperties": false})",
         {R"({"xa":1,"y":3.5,"xy":4})", "{}"},
         {R"({"xy":1})", R"({"y":1})", R"({"xy":3.5})", R"({"a":1})"}},
        {R"({"type": "object", "propertyNames": {"pattern": "^[a-z]$"}, "additionalProperties": {"const": 1}})",
         {R"({"a":1,"b":1})"},
         {R"({"ab":1})", R"({"A":1})"}},
        {R"({"type": "object", "properties": {"a": {"const": 1}, "b": {"const": 1}}, "dependentRequired": {"a": ["b"]}})",
         {"{}", R"({"b":1})", R"({"a":1,"b":1})"},
         {R"({"a":1})"}},
        {R"({"type": "object", "properties": {"": {"const": 1}, "]": {"const": 1}}, "required": ["", "]"]})",
         {R"({"":1,"]":1})"},
         {"{}"}},
    });
}

TEST_F(JsonSchemaCompile, Arrays) {
    expect({
        {R"({"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 3})",
         {"[true,false]", "[ true, true, true ]"},
         {"[]", "[true]", "[true,true,true,true]", "[true,1]"}},
        {R"({"type": "array", "prefixItems": [{"const": 1}, {"const": 2}], "items": {"const": 3}, "minItems": 1})",
         {"[1]", "[1,2]", "[1,2,3,3]"},
         {"[]", "[2]", "[1,3]"}},
        {R"({"type": "array", "prefixItems": [{"const": 1}], "items": false})", {"[]", "[1]"}, {"[1,1]"}},
        {R"({"type": "array", "items": [{"const": 1}], "additionalItems": {"const": 2}})", {"[1,2,2]"}, {"[1,1]"}},
        {R"({"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 2, "uniqueItems": true})",
         {"[1,2]", "[3,1,2]"},
         {"[1,1]", "[1]", "[1,2,1]"}},
        {R"({"type": "array", "uniqueItems": true})",
         {"[]", "[ ]", R"([1, true, "1", [1], [[1]], {"a": 1}, {"a": [1]}, {"a": 1, "b": 2}])", "[1,10]", "[[],{}]"},
         {"[1,1.0]", "[1e1,10]", R"(["a","\u0061"])", R"([{"a":1,"b":2},{"b":2,"a":1}])", "[[1],[ 1 ]]",
          "[null,null]"}},
        {R"({"type": "array", "items": {"type": "array", "items": {"type": "integer"}, "uniqueItems": true}})",
         {"[[1],[1]]", "[[1,2],[2,1]]"},
         {"[[1,1]]", "[[1],[1,2,1]]"}},
        {R"({"type": "array", "items": {"type": "integer"}, "contains": {"const": 3}, "uniqueItems": true})",
         {"[3]", "[1,3,2]"},
         {"[1]", "[3,3]", "[1,3,1]"}},
        {R"({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "integer"}], "uniqueItems": true})",
         {"[]", "[1]", "[1,2]"},
         {"[1,1]", "[1,2,3]"}},
        {R"({"type": "array", "items": {"const": 1}, "minItems": 5, "maxItems": 3000})",
         {"[1,1,1,1,1,1]"},
         {"[1,1,1,1]"}},
    });
}

/** That both hold of it is no proof that it is none of them. */
TEST_F(JsonSchemaCompile, ConstantsInSeveralOfOne) {
    expect({
        {R"({"oneOf": [true, {"const": null}]})", {"1"}, {"null"}},
        {R"({"oneOf": [{"type": ["null", "integer"]}, {"const": null}, {"enum": [1, "a"]}]})",
         {"2", R"("a")"},
         {"null", "1"}},
        {R"({"allOf": [{"oneOf": [{"enum": ["a", "b"]}, {"type": "string", "maxLength": 2}]}]})",
         {R"("c")", R"("ab")"},
         {R"("a")", R"("b")"}},
    });
}

TEST_F(JsonSchemaCompile, DynamicReferences) {
    expect({
        {R"({"$dynamicAnchor": "node", "type": "object", "properties": {"next": {"$dynamicRef": "#node"}}})",
         {"{}", R"({"next":{"next":{}}})"},
         {R"({"next":1})"}},
        {R"({"$id": "https://example.com/strict", "$dynamicAnchor": "node", "$ref": "tree", "required": ["name"],
             "$defs": {"tree": {"$id": "tree", "$dynamicAnchor": "node", "type": "object", "properties":
                 {"name": {"const": 1}, "kids": {"type": "array", "items": {"$dynamicRef": "#node"}}}}}})",
         {R"({"name":1,"kids":[{"name":1}]})"},
         {R"({"name":1,"kids":[{}]})"}},
        {R"({"items": {"$dynamicRef": "#/$defs/a"}, "$defs": {"a": {"const": 1}}})", {"[1]"}, {"[2]"}},
    });
}

TEST_F(JsonSchemaCompile, SchemasThatApplyTogether) {
    expect({
        {R"({"$ref": "#/$defs/n", "maximum": 3, "$defs": {"n": {"type": "integer", "minimum": 1}}})",
         {"1", "3"},
         {"0", "4"}},
        {R"({"type": "object", "properties": {"a": {"const": 1}, "b": {"const": 2}},
             "anyOf": [{"required": ["a"]}, {"required": ["b"]}]})",
         {R"({"a":1})", R"({"b":2})", R"({"a":1,"b":2})"},
         {"{}"}},
        {R"({"allOf": [{"type": "object", "properties": {"a": {"minimum": 2}}, "required": ["a"]},
                       {"properties": {"a": {"type": "integer", "maximum": 3}, "b": {"const": 1}}}]})",
         {R"({"a":2})", R"({"a":3,"b":1})"},
         {R"({"a":4})", R"({"a":1})", "{}"}},
        {R"({"oneOf": [{"type": "object", "properties": {"k": {"const": "x"}, "v": {"type": "null"}}, "required": ["k", "v"]},
                       {"type": "object", "properties": {"k": {"const": "y"}}, "required": ["k"]}]})",
         {R"({"k":"x","v":null})", R"({"k":"y"})"},
         {R"({"k":"x"})"}},
        {R"({"oneOf": [{"type": "integer", "maximum": 3}, {"type": "number", "minimum": 3.5}]})",
         {"3", "3.5", "4"},
         {"3.2"}},
    });
}

TEST_F(JsonSchemaCompile, References) {
    expect({
        {R"({"type": "object", "properties": {"v": {"type": "boolean"}, "next": {"$ref": "#"}}, "required": ["v"]})",
         {R"({"v":true})", R"({"v":true,"next":{"v":false}})"},
         {R"({"v":true,"next":{}})"}},
        {R"({"properties": {"a": {"$ref": "#/$defs/a~1b~0%25"}, "c": {"$ref": "#here"}}, "required": ["a", "c"],
             "$defs": {"a/b~%": {"const": 1}, "x": {"$anchor": "here", "const": 2}}})",
         {R"({"a":1,"c":2})"},
         {R"({"a":2,"c":2})"}},
        {R"({"$id": "http://example.org/root.json", "properties": {"a": {"$ref": "other.json#/$defs/x"}}, "required": ["a"],
             "$defs": {"o": {"$id": "other.json", "$defs": {"x": {"const": 5}}}}})",
         {R"({"a":5})"},
         {R"({"a":6})"}},
        {R"({"properties": {"x": {"$ref": "#/$defs/a_b"}, "y": {"$ref": "#/$defs/a.b"}}, "required": ["x", "y"],
             "$defs": {"a_b": {"const": 1}, "a.b": {"const": 2}}})",
         {R"({"x":1,"y":2})"},
         {R"({"x":1,"y":1})"}},
    });
}

TEST_F(JsonSchemaCompile, SaysWhatMustNotBe) {
    expect({
        {R"({"type": "integer", "minimum": 1, "maximum": 4, "not": {"enum": [2, 3]}})", {"1", "4"}, {"2", "3"}},
        {R"({"type": "number", "minimum": 0, "maximum": 1, "not": {"multipleOf": 0.5}})", {"0.25"}, {"0.5", "1", "0"}},
        {R"({"not": {"type": ["string", "number", "object", "array"]}})", {"null", "true"}, {R"("a")", "1", "[]"}},
        {R"({"type": "number", "not": {"type": "integer"}})", {"1.5"}, {"1", "2.0"}},
        {R"({"type": "string", "pattern": "^[a-c]{1,2}$", "not": {"pattern": "b"}})", {R"("ac")"}, {R"("ab")"}},
        {R"({"type": "string", "maxLength": 3, "not": {"const": "foo"}})", {R"("fo")", R"("fop")"}, {R"("foo")"}},
        {R"({"type": "boolean", "not": {"const": true}})", {"false"}, {"true"}},
        {R"({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
             "not": {"required": ["a", "b"]}})",
         {R"({"a":1})", R"({"b":1})", "{}"},
         {R"({"a":1,"b":1})"}},
        {R"({"type": "array", "items": {"enum": [1, 2]}, "not": {"contains": {"const": 2}}})",
         {"[1,1]", "[]"},
         {"[2]"}},
        {R"({"type": "array", "items": {"type": "integer"}, "not": {"items": {"minimum": 0}}})",
         {"[1,-1]"},
         {"[1]", "[]"}},
        {R"({"not": {"not": {"type": "null"}}})", {"null"}, {"1"}},
        {R"({"$defs": {"n": {"type": "integer"}}, "type": ["integer", "null"], "not": {"$ref": "#/$defs/n"}})",
         {"null"},
         {"1"}},
        {R"({"type": ["integer", "null"], "not": {"anyOf": [{"type": "null"}, {"minimum": 3}]}})",
         {"2"},
         {"3", "null"}},
    });
}

TEST_F(JsonSchemaCompile, SaysConditions) {
    expect({
        {R"({"type": "object", "properties": {"k": {"enum": ["a", "b"]}, "v": {"type": ["integer", "null"]}},
             "required": ["k", "v"], "if": {"properties": {"k": {"const": "a"}}},
             "then": {"properties": {"v": {"type": "integer"}}}, "else": {"properties": {"v": {"type": "null"}}}})",
         {R"({"k":"a","v":1})", R"({"k":"b","v":null})"},
         {R"({"k":"a","v":null})", R"({"k":"b","v":1})"}},
        {R"({"type": "integer", "if": {"minimum": 5}, "then": {"multipleOf": 5}})", {"4", "5", "10"}, {"6"}},
        {R"({"type": "integer", "if": true, "else": {"const": 1}})", {"2"}, {}},
        {R"({"type": "object", "properties": {"a": {"type": "null"}, "b": {"type": "integer"}},
             "dependentSchemas": {"a": {"required": ["b"], "properties": {"b": {"minimum": 5}}}}})",
         {"{}", R"({"b":1})", R"({"a":null,"b":5})"},
         {R"({"a":null})", R"({"a":null,"b":1})"}},
        {R"({"oneOf": [{"type": "integer", "minimum": 0}, {"type": "integer", "maximum": 9}]})", {"10", "-1"}, {"5"}},
    });
}

TEST_F(JsonSchemaCompile, CountsWhatAnArrayContains) {
    expect({
        {R"({"type": "array", "items": {"enum": [1, 2]}, "contains": {"const": 2}})",
         {"[2]", "[1,2,1]"},
         {"[]", "[1]"}},
        {R"({"type": "array", "items": {"enum": [1, 2]}, "contains": {"const": 2}, "minContains": 2, "maxItems": 3})",
         {"[2,2]", "[2,1,2]"},
         {"[2]", "[2,1,1]", "[2,2,2,2]"}},
        {R"({"type": "array", "items": {"enum": [1, 2]}, "contains": {"const": 2}, "maxContains": 1})",
         {"[2]", "[1,2]"},
         {"[2,2]", "[1]"}},
        {R"({"type": "array", "prefixItems": [{"type": "null"}, {"type": "integer"}], "contains": {"type": "integer", "minimum": 5}})",
         {"[null,5]"},
         {"[null,4]", "[null]"}},
        {R"({"type": "array", "items": {"const": 1}, "contains": {"const": 2}, "minContains": 0})", {"[]", "[1]"}, {}},
    });
}

TEST_F(JsonSchemaCompile, KnowsWhatOthersEvaluate) {
    expect({
        {R"({"allOf": [{"properties": {"a": {"const": 1}}}], "properties": {"b": {"const": 2}},
             "unevaluatedProperties": false})",
         {R"({"b":2,"a":1})", "{}"},
         {R"({"c":1})"}},
        {R"({"allOf": [{"properties": {"a": {"const": 1}}}, {"unevaluatedProperties": false}]})",
         {"{}"},
         {R"({"a":1})"}},
        {R"({"properties": {"a": {"const": 1}}, "unevaluatedProperties": {"type": "null"}})",
         {R"({"a":1,"x":null})", R"({"x":null})"},
         {R"({"x":1})"}},
        {R"({"properties": {"a": {"const": 1}}, "not": {"not": {"properties": {"b": {"const": 2}}, "required": ["b"]}},
             "type": "object", "unevaluatedProperties": {"const": 2}})",
         {R"({"a":1,"b":2})"},
         {R"({"a":1})"}},
        {R"({"prefixItems": [{"const": 1}], "unevaluatedItems": {"type": "null"}})", {"[1]", "[1,null]"}, {"[1,1]"}},
        {R"({"allOf": [{"prefixItems": [{"const": 1}]}], "unevaluatedItems": false})", {"[1]", "[]"}, {"[1,1]"}},
    });
}

TEST_F(JsonSchemaCompile, RefusesByName) {
    const struct {
        const char *schema;
        const char *pointer;
        const char *keyword;
        const char *says;
    } cases[] = {
        {R"({"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": true, "minItems": 3})", "", "uniqueItems",
         "only 2"},
        {R"({"type": "array", "prefixItems": [{"const": 1}, {"enum": [1, 2]}], "uniqueItems": true, "minItems": 2})",
         "", "uniqueItems", "different"},
        {R"({"properties": {"a": {"$ref": "a"}, "b": {"$ref": "b"}}, "$defs": {
             "a": {"$id": "a", "$dynamicAnchor": "x", "$ref": "c"}, "b": {"$id": "b", "$dynamicAnchor": "x", "$ref": "c"},
             "c": {"$id": "c", "$dynamicAnchor": "x", "items": {"$dynamicRef": "#x"}}}})",
         "/$defs/c/items", "$dynamicRef", "outermost"},
        {R"({"properties": {"a": {"not": {"uniqueItems": true}}}})", "/properties/a/not", "uniqueItems", "breaks it"},
        {R"({"type": "string", "not": {"format": "date"}})", "/not", "format", "may be there"},
        {R"({"if": {"additionalProperties": false}, "then": {"const": 1}})", "/if", "additionalProperties", "\"if\""},
        {R"({"not": {"const": [1]}})", "/not", "const", "breaks it"},
        {R"({"not": {"$ref": "#"}})", "", "$ref", "leads back"},
        {R"({"properties": {"a": {"llmodel:link": 0}}})", "/properties/a", "llmodel:link", "inner use"},
        {R"({"type": "object", "patternProperties": {"^.{0,500}$": false, "^(.*a.{9})$": {}}})", "", "", "too large"},
        {R"({"allOf": [{"contains": {"const": 1}}, {"contains": {"const": 2}}]})", "/allOf/1", "contains", "only"},
        {R"({"oneOf": [{"type": "string"}, {"type": "string", "format": "date"}]})", "", "oneOf", "anyOf"},
        {R"({"contains": {"const": 1}, "minContains": 9999})", "", "contains", "too large"},
        {R"({"contains": {"const": 1}, "minContains": 2, "maxContains": 1})", "", "maxContains", "at most"},
        {R"({"type": "integer", "minimum": 5, "maximum": 3})", "", "maximum", "no number"},
        {R"({"anyOf": [{"type": "integer", "minimum": 5, "exclusiveMaximum": 5}, {"type": "null"}]})", "/anyOf/0",
         "exclusiveMaximum", "no number"},
        {R"({"type": "string", "minLength": 3, "maxLength": 2})", "", "maxLength", "at least 3"},
        {R"({"type": "array", "minItems": 3, "maxItems": 2})", "", "maxItems", "at least 3"},
        {R"({"type": "string", "pattern": "^[]$"})", "", "pattern", "no string"},
        {R"({"type": "string", "pattern": "^a$", "minLength": 2})", "", "pattern", "no string"},
        {R"({"type": "integer", "minimum": 1, "maximum": 4, "multipleOf": 5})", "", "multipleOf", "no number"},
        {R"({"type": "string", "enum": [1, 2]})", "", "enum", "no value"},
        {R"({"allOf": [{"type": "string"}, {"type": "null"}]})", "/allOf/1", "type", "no value"},
        {R"({"type": "object", "properties": {"a": false}, "required": ["a"]})", "", "required", "\"a\""},
        {R"({"$ref": "#/$defs/t", "$defs": {"t": {"type": "object", "properties": {"t": {"$ref": "#/$defs/t"}}, "required": ["t"]}}})",
         "", "$ref", "infinite"},
        {R"({"properties": {"a": {"type": "str"}}})", "/properties/a", "type", "integer"},
        {R"({"type": "string", "minlenght": 3})", "", "minlenght", "minLength"},
        {R"({"type": "string", "minLength": -1})", "", "minLength", "integer"},
        {R"({"properties": {"a~/": 5}})", "", "properties", "schemas"},
        {R"({"properties": {"a~/": {"pattern": "("}}})", "/properties/a~0~1", "pattern", "\")\""},
        {R"({"type": "string", "pattern": "ab"})", "", "pattern", "$"},
        {R"({"type": "string", "pattern": "^(?<=a)b$"})", "", "pattern", "behind"},
        {R"({"type": "string", "pattern": "^(?:a(?=b)b)+$"})", "", "pattern", "without end"},
        {R"({"type": "string", "pattern": "^a(?=^b)b$"})", "", "pattern", "lookahead"},
        {R"({"type": "string", "pattern": "^(a)\\1$"})", "", "pattern", "backreference"},
        {R"({"type": "string", "pattern": "^a{3,2}$"})", "", "pattern", "upper bound"},
        {R"({"type": "string", "pattern": "^(((a{1,99}){1,99}){1,99}){1,99}$"})", "", "pattern", "too large"},
        {R"({"$ref": "#"})", "", "$ref", "itself"},
        {R"({"anyOf": [{"$ref": "#"}, {"type": "null"}]})", "", "$ref", "itself"},
        {R"({"$ref": "https://example.org/x.json"})", "", "$ref", "$defs"},
        {R"({"$ref": "#/$defs/none"})", "", "$ref", "/$defs/none"},
        {R"({"type": "object", "additionalProperties": {}, "minProperties": 3})", "", "minProperties", "list names"},
    };
    for (const auto &one : cases) {
        SCOPED_TRACE(one.schema);
        const llmodel::Error error = refusal(one.schema);
        EXPECT_EQ(error.detail().value("pointer", "-"), one.pointer);
        EXPECT_EQ(error.detail().value("keyword", "-"), one.keyword);
        EXPECT_THAT(error.what(), testing::HasSubstr(one.says));
    }
}

TEST_F(JsonSchemaCompile, ManyNamesAreFewWays) {
    json schema = {{"type", "object"}, {"properties", json::object()}, {"required", {"property 700"}}};
    for (int i = 0; i < 1000; ++i) {
        schema["properties"].push_back({"property " + std::to_string(i), {{"const", i}}});
    }
    GrammarWalker grammar(llmodel::gbnf_of(*llmodel::compile_json_schema(schema)));
    EXPECT_TRUE(grammar.accepts(R"({"property 3":3,"property 30":30,"property 700":700,"property 999":999})"));
    EXPECT_TRUE(grammar.accepts(R"({"property 700":700})"));
    EXPECT_FALSE(grammar.accepts(R"({"property 3":3})"));
    EXPECT_FALSE(grammar.accepts(R"({"property 701":701})"));
    EXPECT_FALSE(grammar.accepts(R"({"property 4":4,"property 3":3,"property 700":700})"));
    EXPECT_LT(grammar.ways_after("{"), 30U);
    EXPECT_LT(grammar.ways_after(R"({"property 5":5,)"), 30U);
}

TEST_F(JsonSchemaCompile, LargeSchemasTakeLittle) {
    json wide = {{"type", "object"}, {"properties", json::object()}};
    json deep = {{"type", "integer"}};
    for (int i = 0; i < 1000; ++i) {
        wide["properties"].push_back({"property" + std::to_string(i), {{"type", i % 2 == 0 ? "string" : "integer"}}});
    }
    for (int i = 0; i < 30; ++i) {
        deep = {{"type", "object"}, {"properties", {{"a", deep}, {"b", {{"type", "string"}}}}}, {"required", {"a"}}};
    }
    json values = json::array();
    for (int i = 0; i < 5000; ++i) {
        values.push_back("value " + std::to_string(i));
    }
    for (const json &schema : {wide, deep, json{{"enum", values}}}) {
        const auto begin = std::chrono::steady_clock::now();
        const std::string grammar = llmodel::gbnf_of(*llmodel::compile_json_schema(schema));
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        EXPECT_LT(grammar.size(), 600000U);
        EXPECT_LT(took.count(), TEST_SANITIZED ? 10 : 1);
        GrammarWalker walker(grammar);
        std::mt19937 random(1);
        EXPECT_TRUE(walker.walk(random));
    }
}

} // namespace
