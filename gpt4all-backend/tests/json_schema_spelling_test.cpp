#include "error.h"
#include "grammar_walker.h"
#include "json_schema/compile.h"

#include <gtest/gtest.h>

namespace {

using llmodel::json;

TEST(JsonSchemaSpelling, TextsMayStandBetweenQuotesOfTheirOwn) {
    const json schema = {{"type", "object"},
                         {"properties",
                          {{"unit", {{"enum", {"a\"b", "a<|\"|>b", json::array({"x", 1})}}}},
                           {"code", {{"type", "string"}, {"pattern", "^[A-Z]\n?$"}}},
                           {"list", {{"type", "array"}, {"items", {{"type", "integer"}}}}},
                           {"any", {{"type", "object"}, {"additionalProperties", {{"type", "string"}}}}}}},
                         {"required", {"unit"}}};
    llmodel::SchemaUse use;
    use.quote = "<|\"|>";
    GrammarWalker grammar(llmodel::gbnf_of(*llmodel::compile_json_schema(schema, use)));
    for (const char *good : {R"({unit:<|"|>a"b<|"|>})", R"({unit:[<|"|>x<|"|>,1]})",
                             "{unit:<|\"|>a\"b<|\"|>,code:<|\"|>B\n<|\"|>,list:[1,2],any:{k:<|\"|>\\<|\"|>}}"}) {
        EXPECT_TRUE(grammar.accepts(good)) << good;
    }
    for (const char *bad : {R"({"unit":"a"})", R"({unit:<|"|>a<|"|>b<|"|>})", R"({unit:[<|"|>x<|"|>, 1]})",
                            R"({unit:<|"|>a"b<|"|>,any:{a:b:<|"|><|"|>}})", R"({})"}) {
        EXPECT_FALSE(grammar.accepts(bad)) << bad;
    }
    for (const json &unsayable : {json{{"properties", {{"a:b", true}}}},
                                  json{{"properties", {{"a", {{"type", "array"}, {"uniqueItems", true}}}}}}}) {
        try {
            llmodel::compile_json_schema(unsayable, use);
            ADD_FAILURE() << unsayable;
        } catch (const llmodel::Error &error) {
            EXPECT_EQ(error.status(), LLMODEL_GRAMMAR_ERROR);
        }
    }
}

TEST(JsonSchemaSpelling, TextsWithoutQuotesEndWhereTheyShould) {
    llmodel::SchemaUse use;
    use.raw = llmodel::RawText{{"</a>", "\n"}, {"^null$"}};
    GrammarWalker grammar(llmodel::gbnf_of(*llmodel::compile_json_schema({{"type", "string"}, {"maxLength", 5}}, use)));
    for (const char *good : {"", "</b>", "\"x\"", "</a", "nulls"}) {
        EXPECT_TRUE(grammar.accepts(good)) << good;
    }
    for (const char *bad : {"</a>", "null", "a\nb", "123456"}) {
        EXPECT_FALSE(grammar.accepts(bad)) << bad;
    }
}

} // namespace
