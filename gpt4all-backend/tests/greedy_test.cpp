#include "llama/greedy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace {

using llmodel::likeliest_token;

TEST(LikeliestToken, IsTheGreatestOfAnyNumberOfLogits) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal(-100, 30);
    for (size_t n = 1; n < 2200; n += n < 70 ? 1 : 97) {
        std::vector<float> logits(n);
        std::generate(logits.begin(), logits.end(), [&] { return normal(random); });
        const auto expected = std::max_element(logits.begin(), logits.end()) - logits.begin();
        EXPECT_EQ(likeliest_token(logits), expected) << n << " logits";
    }
}

TEST(LikeliestToken, IsTheFirstOfEquals) {
    std::vector<float> logits(5000, 1.0F);
    EXPECT_EQ(likeliest_token(logits), 0);
    logits[1500] = logits[1501] = logits[4999] = 2.0F;
    EXPECT_EQ(likeliest_token(logits), 1500);
}

TEST(LikeliestToken, PassesOverWhatIsNotANumber) {
    std::vector<float> logits(3000, std::nanf(""));
    EXPECT_EQ(likeliest_token(logits), 0);
    logits[2000] = -std::numeric_limits<float>::infinity();
    logits[2500] = -3.0F;
    EXPECT_EQ(likeliest_token(logits), 2500);
}

} // namespace
