#include "legacy/byte_pairs.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace {

using namespace llmodel::legacy;

using Pairs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

Pairs merges_of(const std::vector<std::string> &tokens) {
    return recover_merges({tokens.begin(), tokens.end()});
}

TEST(LegacyMerges, BytesAreWrittenAsGpt2WritesThem) {
    EXPECT_EQ(to_byte_characters("a b\n"), "a\xC4\xA0"
                                           "b\xC4\x8A");
    std::string all;
    for (int byte = 0; byte < 256; ++byte) {
        all += static_cast<char>(byte);
    }
    std::string back;
    EXPECT_TRUE(from_byte_characters(to_byte_characters(all), back));
    EXPECT_EQ(back, all);
    EXPECT_FALSE(from_byte_characters("a b", back));
    EXPECT_FALSE(from_byte_characters("\xC5", back));
    EXPECT_FALSE(from_byte_characters("\xE2\x96\x81", back));
}

TEST(LegacyMerges, AreThePartsThatEarlierTokensLeave) {
    // "the" is learned as th + e, though he is a token: th came first
    const Pairs merges = merges_of({"t", "h", "e", " ", "th", "he", "the", " the", "<|end|>"});
    EXPECT_EQ(merges, (Pairs{{0, 1}, {1, 2}, {4, 2}, {3, 6}}));
}

TEST(LegacyMerges, TokensThatAreNoMergeHaveNone) {
    EXPECT_TRUE(merges_of({"a", "b", "abab", ""}).empty()); // four parts
    EXPECT_TRUE(merges_of({"a", "xy"}).empty());            // bytes that the vocabulary lacks
    EXPECT_EQ(merges_of({"a", "b", "ab", "ab"}).size(), 1U);
    EXPECT_EQ(merges_of({"a", "aa", "aaa", "aaaa"}), (Pairs{{0, 0}, {1, 0}, {1, 1}}));
}

TEST(LegacyMerges, HostileVocabulariesTakeLittleTime) {
    std::vector<std::string> tokens{"a"};
    for (std::size_t length = 2; length <= 32768; length *= 2) {
        tokens.emplace_back(length, 'a');
    }
    tokens.insert(tokens.end(), TEST_SANITIZED ? 4 : 40, std::string(65536, 'a'));
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(merges_of(tokens).size(), 16U);
    EXPECT_LT(std::chrono::steady_clock::now() - start,
              std::chrono::seconds(60)); // under sanitizers, on a busy machine
}

} // namespace
