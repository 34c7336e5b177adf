#include "hub/c2d/lock_token.h"

#include <gtest/gtest.h>

#include <string>

namespace nave::hub {
namespace {

// new Guid(tag).ToString() of .NET: the first three groups are little-endian.
TEST(LockToken, TextIsTheGuidThatDotNetMakesOfTheTag) {
  std::string tag;
  for (int i = 0; i < 16; ++i) tag += static_cast<char>(i * 17);
  const auto token = LockToken::from_tag(tag);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->text(), "33221100-5544-7766-8899-aabbccddeeff");
  EXPECT_EQ(token->tag(), tag);
  EXPECT_EQ(LockToken::parse("33221100-5544-7766-8899-aabbccddeeff"), token);
  EXPECT_EQ(LockToken::parse("33221100-5544-7766-8899-AABBCCDDEEFF"), token);
}

TEST(LockToken, RoundTripsAndIsNeverTheSame) {
  const LockToken a = LockToken::make();
  EXPECT_EQ(LockToken::parse(a.text()), a);
  EXPECT_EQ(LockToken::from_tag(a.tag()), a);
  EXPECT_NE(LockToken::make(), a);
}

TEST(LockToken, OnlyGuidsAreOne) {
  for (const auto* text : {"", "x", "33221100-5544-7766-8899-aabbccddeef", "33221100-5544-7766-8899-aabbccddeefff",
                           "33221100+5544-7766-8899-aabbccddeeff", "332211005-544-7766-8899-aabbccddeeff",
                           "g3221100-5544-7766-8899-aabbccddeeff", "33221100-5544-7766-8899-aabbccddeef-",
                           "{3221100-5544-7766-8899-aabbccddeef}", "3322110055447766-8899-aabbccddeeff--"}) {
    EXPECT_FALSE(LockToken::parse(text)) << text;
  }
  EXPECT_FALSE(LockToken::from_tag(std::string(15, 'x')));
  EXPECT_FALSE(LockToken::from_tag(std::string(17, 'x')));
}

}  // namespace
}  // namespace nave::hub
