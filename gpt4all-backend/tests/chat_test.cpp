#include "llmodel.h"

#include <gtest/gtest.h>
TEST(Chat, Placeholder) { EXPECT_EQ(llmodel_abi_version(), LLMODEL_ABI_VERSION); }
