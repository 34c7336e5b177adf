#include "base/random.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "base/ids.h"

namespace nave {
namespace {

TEST(Random, LengthsAndForms) {
  for (const size_t n : {0U, 1U, 255U, 256U, 257U, 1000U}) EXPECT_EQ(random_bytes(n).size(), n);
  for (const size_t n : {0U, 1U, 2U, 32U, 33U}) EXPECT_EQ(random_hex(n).size(), n);
  const std::regex uuid("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  EXPECT_TRUE(std::regex_match(random_uuid(), uuid));
  const std::regex tracking("[0-9a-f]{32}-G:2-TimeStamp:11/22/2026 21:07:00");
  EXPECT_TRUE(std::regex_match(tracking_id("11/22/2026 21:07:00"), tracking));
}

TEST(Random, DoesNotRepeat) {
  std::set<uint64_t> numbers;
  std::set<std::string> uuids;
  for (int i = 0; i < 1000; ++i) {
    numbers.insert(random_u64());
    uuids.insert(random_uuid());
  }
  EXPECT_EQ(numbers.size(), 1000U);
  EXPECT_EQ(uuids.size(), 1000U);
}

TEST(IdentityKey, TextAndOrder) {
  const IdentityKey device{"d", ""};
  const IdentityKey module{"d", "m"};
  EXPECT_EQ(device.text(), "d");
  EXPECT_EQ(module.text(), "d/m");
  EXPECT_FALSE(device.is_module());
  EXPECT_TRUE(module.is_module());
  EXPECT_LT(device, module);
  EXPECT_LT(module, (IdentityKey{"d2", ""}));
}

}  // namespace
}  // namespace nave
