#include "store/embedded/sqlite/rows.h"

#include <gtest/gtest.h>

namespace nave::store::embedded {
namespace {

using List = std::vector<std::string>;

TEST(StateRows, ListsRoundTrip) {
  for (const List& list : {List{}, List{""}, List{"", ""}, List{"a"}, List{"a", "b:c", "3:x"},
                           List{std::string("\0\n", 2), std::string(1000, 'x')}}) {
    EXPECT_EQ(split_list(join_list(list)), list);
  }
  EXPECT_EQ(join_list({"ab", ""}), "2:ab0:");
}

TEST(StateRows, DamagedListsAreRefused) {
  for (const char* bad :
       {"x", "1", "1:", "2:a", ":a", "-1:a", "1 :a", "1:a2", "99999999999999999999:a", "18446744073709551615:a"}) {
    EXPECT_EQ(split_list(bad), std::nullopt) << bad;
  }
}

TEST(StateRows, ChecksumsSeeWhereTextsEnd) {
  EXPECT_NE(RowChecksum().add(std::string_view("ab")).add(std::string_view("c")).value(),
            RowChecksum().add(std::string_view("a")).add(std::string_view("bc")).value());
  EXPECT_NE(RowChecksum().add(std::optional<std::string>()).value(),
            RowChecksum().add(std::optional<std::string>("")).value());
}

TEST(StateRows, TheChecksumCoversEveryAcknowledgedField) {
  using hub::Identity;
  const Identity base;
  const int64_t sum = identity_checksum(base, "");
  const auto changed = [&](auto change) {
    Identity i = base;
    change(i);
    return identity_checksum(i, join_list(i.parent_scopes)) != sum;
  };
  EXPECT_TRUE(changed([](Identity& i) { i.key.device = "d"; }));
  EXPECT_TRUE(changed([](Identity& i) { i.key.module = "m"; }));
  EXPECT_TRUE(changed([](Identity& i) { i.generation_id = "1"; }));
  EXPECT_TRUE(changed([](Identity& i) { i.etag = 1; }));
  EXPECT_TRUE(changed([](Identity& i) { i.enabled = false; }));
  EXPECT_TRUE(changed([](Identity& i) { i.status_reason = ""; }));
  EXPECT_TRUE(changed([](Identity& i) { i.status_updated = {}; }));
  EXPECT_TRUE(changed([](Identity& i) { i.authentication.type = hub::AuthType::kNone; }));
  EXPECT_TRUE(changed([](Identity& i) { i.authentication.primary_key = "k"; }));
  EXPECT_TRUE(changed([](Identity& i) { i.authentication.secondary_key = "k"; }));
  EXPECT_TRUE(changed([](Identity& i) { i.authentication.primary_thumbprint = "t"; }));
  EXPECT_TRUE(changed([](Identity& i) { i.authentication.secondary_thumbprint = "t"; }));
  EXPECT_TRUE(changed([](Identity& i) { i.iot_edge = true; }));
  EXPECT_TRUE(changed([](Identity& i) { i.device_scope = "s"; }));
  EXPECT_TRUE(changed([](Identity& i) { i.parent_scopes = {""}; }));
  EXPECT_TRUE(changed([](Identity& i) { i.managed_by = ""; }));
}

}  // namespace
}  // namespace nave::store::embedded
