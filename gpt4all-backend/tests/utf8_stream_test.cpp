#include "gguf/utf8.h"
#include "tokens/utf8_stream.h"

#include <gtest/gtest.h>

#include <string>

namespace {

using llmodel::Utf8Stream;

const std::string replacement = "\xEF\xBF\xBD";

/** What comes of `bytes` when they are cut at every place, which must not matter. */
std::string streamed(const std::string &bytes) {
    std::string whole;
    for (size_t cut = 0; cut <= bytes.size(); ++cut) {
        Utf8Stream stream;
        std::string text = stream.push(bytes.substr(0, cut));
        text += stream.push(bytes.substr(cut));
        text += stream.finish();
        if (cut == 0) {
            whole = text;
        }
        EXPECT_EQ(text, whole) << "cut at " << cut;
    }
    Utf8Stream stream;
    std::string by_byte;
    for (const char byte : bytes) {
        by_byte += stream.push(std::string_view(&byte, 1));
    }
    EXPECT_EQ(by_byte + stream.finish(), whole);
    return whole;
}

TEST(Utf8Stream, ValidTextPasses) {
    for (const std::string text : {"", "abc", "\xC3\xA9", "\xE6\x97\xA5\xE6\x9C\xAC", "\xF0\x9F\x98\x80!",
                                   "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF", "\xEE\x80\x80", "a\xC2\x80z"}) {
        EXPECT_EQ(streamed(text), text);
    }
    EXPECT_EQ(streamed(std::string("a\0b", 3)), std::string("a\0b", 3));
}

TEST(Utf8Stream, WholeCodePointsComeAtOnce) {
    Utf8Stream stream;
    EXPECT_EQ(stream.push("a\xF0\x9F"), "a");
    EXPECT_EQ(stream.push("\x98"), "");
    EXPECT_EQ(stream.push("\x80z"), "\xF0\x9F\x98\x80z");
    EXPECT_EQ(stream.finish(), "");
}

/** Table 3-8 of the Unicode standard, section 3.9: U+FFFD for each maximal part. */
TEST(Utf8Stream, WhatIsInvalidIsReplacedByMaximalParts) {
    const std::string r = replacement;
    EXPECT_EQ(streamed("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82"
                       "A"),
              r + r + r + r + r + r + r + r + "A");
    EXPECT_EQ(streamed("\xED\xA0\x80\xED\xBF\xBF\xED\xAF"
                       "A"),
              r + r + r + r + r + r + r + r + "A");
    EXPECT_EQ(streamed("\xF4\x91\x92\x93\xFF"
                       "A\x80\xBF"
                       "B"),
              r + r + r + r + r + "A" + r + r + "B");
    EXPECT_EQ(streamed("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF"
                       "A"),
              r + r + r + r + "A");
}

TEST(Utf8Stream, WhatIsIncompleteAtTheEndIsReplacedOnce) {
    for (const char *bytes : {"\xC3", "\xE6\x97", "\xF0\x9F\x98"}) {
        EXPECT_EQ(streamed(bytes), replacement);
    }
}

TEST(Utf8Stream, EveryPairOfBytesGivesValidText) {
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            const char bytes[] = {static_cast<char>(first), static_cast<char>(second), 'A'};
            Utf8Stream stream;
            std::string text = stream.push(std::string_view(bytes, 3));
            text += stream.finish();
            EXPECT_TRUE(llmodel::is_valid_utf8(text)) << first << ' ' << second;
            EXPECT_EQ(text.back(), 'A');
        }
    }
}

} // namespace
