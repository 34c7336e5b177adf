#include "store/embedded/sqlite/identity_cache.h"

#include <gtest/gtest.h>

namespace nave::store::embedded {
namespace {

hub::Identity identity(const std::string& device, uint64_t etag = 1) {
  hub::Identity out;
  out.key = {device, ""};
  out.etag = etag;
  return out;
}

// What a reader does after a miss.
void read_through(IdentityCache& cache, hub::Identity row) {
  const IdentityCache::Lookup miss = cache.find(row.key);
  ASSERT_FALSE(miss.hit);
  cache.fill(row, miss.epoch);
}

const Activity kSomeTime{from_unix_ms(1'786'784'856'000), from_unix_ms(1'786'784'857'000)};

TEST(IdentityCache, HitsAfterFill) {
  IdentityCache cache(1000, 1000);
  read_through(cache, identity("d", 3));
  EXPECT_EQ(cache.find({"d", ""}).hit, identity("d", 3));
  EXPECT_FALSE(cache.find({"d", "m"}).hit);
}

TEST(IdentityCache, PublishingForgets) {
  IdentityCache cache(1000, 1000);
  read_through(cache, identity("d"));
  cache.publish({{{"d", ""}, false}});
  EXPECT_FALSE(cache.find({"d", ""}).hit);
}

TEST(IdentityCache, AReadFromBeforeACommitIsNotKept) {
  IdentityCache cache(1000, 1000);
  const IdentityCache::Lookup miss = cache.find({"d", ""});
  hub::Identity old_row = identity("d", 1);
  cache.publish({{{"d", ""}, false}});
  cache.fill(old_row, miss.epoch);
  EXPECT_FALSE(cache.find({"d", ""}).hit);
}

TEST(IdentityCache, KeepsAtMostItsCapacityAndTheRecentlyUsed) {
  IdentityCache cache(16 * 4, 1000);
  read_through(cache, identity("hot"));
  for (int i = 0; i < 1000; ++i) {
    read_through(cache, identity("d" + std::to_string(i)));
    ASSERT_TRUE(cache.find({"hot", ""}).hit) << i;
  }
  int kept = 0;
  for (int i = 0; i < 1000; ++i) kept += cache.find({"d" + std::to_string(i), ""}).hit ? 1 : 0;
  EXPECT_LE(kept, 16 * 4 - 1);
  EXPECT_GE(kept, 16) << "every stripe keeps some";
}

TEST(IdentityCache, PendingActivityCoversCacheAndRows) {
  IdentityCache cache(1000, 1000);
  read_through(cache, identity("d"));
  cache.note({"d", ""}, kSomeTime);
  EXPECT_EQ(cache.find({"d", ""}).hit->last_activity, kSomeTime.last_activity);
  hub::Identity row = identity("d");
  cache.overlay(row);
  EXPECT_EQ(row.connection_state_updated, kSomeTime.connection_state_updated);
}

TEST(IdentityCache, SettledActivityIsForgottenUnlessItMovedOn) {
  IdentityCache cache(1000, 1000);
  cache.note({"a", ""}, kSomeTime);
  cache.note({"b", ""}, kSomeTime);
  const auto pending = cache.pending();
  EXPECT_EQ(pending.size(), 2U);
  Activity later = kSomeTime;
  later.last_activity += std::chrono::seconds(1);
  cache.note({"b", ""}, later);
  cache.settle(pending);
  const auto rest = cache.pending();
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].key.device, "b");
  EXPECT_EQ(rest[0].activity, later);
}

TEST(IdentityCache, ANewIdentityInheritsNoActivity) {
  IdentityCache cache(1000, 1000);
  cache.note({"d", ""}, kSomeTime);
  cache.publish({{{"d", ""}, false}});
  EXPECT_EQ(cache.pending().size(), 1U);
  cache.publish({{{"d", ""}, true}});
  EXPECT_TRUE(cache.pending().empty());
}

TEST(IdentityCache, PendingActivityIsBounded) {
  IdentityCache cache(1000, 160);
  for (int i = 0; i < 5000; ++i) cache.note({"d" + std::to_string(i), ""}, kSomeTime);
  EXPECT_LE(cache.pending().size(), 160U);
  const IdentityKey known = cache.pending().front().key;
  Activity later = kSomeTime;
  later.last_activity += std::chrono::seconds(1);
  cache.note(known, later);
  hub::Identity row;
  row.key = known;
  cache.overlay(row);
  EXPECT_EQ(row.last_activity, later.last_activity) << "who waits already is still brought up to date";
}

}  // namespace
}  // namespace nave::store::embedded
