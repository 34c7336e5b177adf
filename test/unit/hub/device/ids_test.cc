#include "hub/device/ids.h"

#include <gtest/gtest.h>

#include <string>

#include "base/limits.h"

namespace nave::hub {
namespace {

TEST(Ids, EveryAllowedCharacterAndNoOther) {
  const std::string allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-:.+%_#*?!(),=@;$'";
  EXPECT_TRUE(is_valid_id(allowed));
  for (int c = 0; c < 256; ++c) {
    const std::string id(1, static_cast<char>(c));
    EXPECT_EQ(is_valid_id(id), allowed.find(id) != std::string::npos) << c;
  }
}

TEST(Ids, LengthIsBounded) {
  EXPECT_FALSE(is_valid_id(""));
  EXPECT_TRUE(is_valid_id(std::string(limits::kIdCharsMax, 'a')));
  EXPECT_FALSE(is_valid_id(std::string(limits::kIdCharsMax + 1, 'a')));
  EXPECT_FALSE(is_valid_id(std::string("a\0b", 3)));
}

TEST(Ids, SystemModules) {
  EXPECT_TRUE(is_system_module_id("$edgeAgent"));
  EXPECT_TRUE(is_system_module_id("$mine"));
  EXPECT_FALSE(is_system_module_id("edge$Agent"));
}

}  // namespace
}  // namespace nave::hub
