// reference/amqp.md §9.7, vectors and all.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "hub/telemetry/ingest.h"

namespace nave::hub {
namespace {

struct Vector {
  const char* id;
  int logical;
  int n2, n4, n16, n32;
};
const Vector kVectors[] = {
    {"dev-1", 12786, 0, 1, 6, 12},
    {"thermostat-01", 17580, 1, 2, 8, 17},
    {"a", 9517, 0, 1, 4, 9},
    {"Device_With.Mixed~Case", 18987, 1, 2, 9, 18},
    {"0123456789abcdef0123456789abcdef", 2239, 0, 0, 1, 2},
};

int partition(std::string_view id, uint16_t count) {
  return partition_of(id, count).value();
}

TEST(PartitionOf, Vectors) {
  for (const Vector& v : kVectors) {
    EXPECT_EQ(partition(v.id, 1), 0) << v.id;
    EXPECT_EQ(partition(v.id, 2), v.n2) << v.id;
    EXPECT_EQ(partition(v.id, 4), v.n4) << v.id;
    EXPECT_EQ(partition(v.id, 16), v.n16) << v.id;
    EXPECT_EQ(partition(v.id, 32), v.n32) << v.id;
    // With one partition for each logical one the mapping shows the hash itself.
    EXPECT_EQ(partition(v.id, 32767), v.logical) << v.id;
  }
}

// The check value of lookup3 (c 17770551, b ce7226e6) needs the sentence as written; partition_of() upper-cases. What
// can be held against it from outside is the case rule.
TEST(PartitionOf, CaseDoesNotMatter) {
  EXPECT_EQ(partition("Device_With.Mixed~Case", 32767), partition("DEVICE_WITH.MIXED~CASE", 32767));
  EXPECT_EQ(partition("device_with.mixed~case", 32767), partition("DEVICE_WITH.MIXED~CASE", 32767));
}

TEST(PartitionOf, AllLengthsAndCountsStayInRange) {
  std::string id;
  for (int n = 0; n <= 128; ++n) {
    for (const int count : {1, 2, 3, 7, 32, 100, 32767}) {
      EXPECT_LT(partition(id, static_cast<uint16_t>(count)), count);
    }
    id += static_cast<char>('a' + n % 26);
  }
}

TEST(PartitionOf, SpreadsEvenly) {
  std::map<int, int> devices;
  for (int i = 0; i < 8000; ++i) ++devices[partition("device-" + std::to_string(i), 8)];
  ASSERT_EQ(devices.size(), 8U);
  for (const auto& [p, n] : devices) EXPECT_NEAR(n, 1000, 150) << p;
}

}  // namespace
}  // namespace nave::hub
