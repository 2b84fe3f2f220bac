#include "json/long_numbers.h"
#include "json/parse.h"

#include <gtest/gtest.h>

#include <string>

/** Numbers that no type holds keep their digits on the way to a chat template. */
namespace {

using namespace llmodel;

const std::string mark(number_mark);

TEST(LongNumbers, AreThoseThatReadingWouldChange) {
    for (const char *number : {"0", "-0", "-0.0", "1.0", "1.50", "0.1", "1e22", "1E+2", "2e-7", "48.856614123",
                               "9223372036854775807", "-9223372036854775808", "18446744073709551615", "5e-324",
                               "123456789012345.6", "0.30000000000000004", "100000000000000000000.0"}) {
        EXPECT_FALSE(is_rounded(number)) << number;
    }
    for (const char *number : {"18446744073709551616", "-9223372036854775809", "0.12345678901234567", "1e400", "1e-400",
                               "3.14159265358979323846", "9007199254740993.0", "0.1000000000000000055511151231257827",
                               "1e99999999999999999999"}) {
        EXPECT_TRUE(is_rounded(number)) << number;
    }
}

TEST(LongNumbers, AreMarkedOutsideOfStrings) {
    EXPECT_EQ(mark_numbers(R"({"a": 18446744073709551616, "b": "18446744073709551616", "c": [1, -2.5, 1e400]})"),
              R"({"a": ")" + mark + R"(18446744073709551616", "b": "18446744073709551616", "c": [1, -2.5, ")" + mark +
                  R"(1e400"]})");
    EXPECT_EQ(mark_numbers(R"(["\"", 1, "\\", 18446744073709551616])"),
              R"(["\"", 1, "\\", ")" + mark + R"(18446744073709551616"])");
    EXPECT_EQ(mark_numbers("\"18446744073709551616"), "\"18446744073709551616"); // no JSON, and as it was
    EXPECT_EQ(mark_numbers(""), "");
}

TEST(LongNumbers, AreMarkedWhereTemplatesSeeThem) {
    const char *text = R"({"tools": [{"maximum": 18446744073709551616}], "seed": 18446744073709551616})";
    const json marked = parse_json(text, "a request", Missing::refused, LongNumbers::marked_for_templates);
    EXPECT_EQ(marked["tools"][0]["maximum"], mark + "18446744073709551616");
    EXPECT_EQ(marked["seed"], 18446744073709551616.0);
    EXPECT_EQ(parse_json(text, "a request")["tools"][0]["maximum"], 18446744073709551616.0);
}

TEST(LongNumbers, AreWrittenInFull) {
    const json value = {{"n", mark + "0.12345678901234567"}, {"s", {mark + "x", mark, "1", mark + "1\""}}};
    EXPECT_EQ(dump_unmarked(value),
              R"({"n":0.12345678901234567,"s":[")" + mark + R"(x",")" + mark + R"(","1",")" + mark + R"(1\""]})");
}

TEST(LongNumbers, AreRoundedForWhoeverReckonsWithThem) {
    const json value = {{"n", mark + "18446744073709551616"}, {"list", {mark + "1e3", mark + "x", 2}}};
    EXPECT_EQ(round_marked(value), json({{"n", 18446744073709551616.0}, {"list", {1000.0, mark + "x", 2}}}));
}

} // namespace
