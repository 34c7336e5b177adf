// The contract of the TwinScan, on every store.
#include <gtest/gtest.h>

#include "contract/device_store_contract.h"
#include "hub/query/scan.h"

namespace nave::hub::contract {
namespace {

class TwinScanContract : public DeviceStoreContract {
 protected:
  using Kind = TwinScan::Kind;
  static constexpr size_t kMany = 1000;
  static constexpr size_t kBytes = 1024 * 1024;

  std::vector<ScannedTwin> scan(Kind kind, const IdentityKey& after = {}, size_t rows = kMany, size_t bytes = kBytes) {
    return dynamic_cast<TwinScan&>(*store).scan_twins(kind, after, rows, bytes).value();
  }
  static std::string keys(const std::vector<ScannedTwin>& rows) {
    std::string out;
    for (const ScannedTwin& row : rows) out += (out.empty() ? "" : " ") + row.identity.key.text();
    return out;
  }
  void put_twin(const IdentityKey& key, const Twin& twin) {
    ASSERT_TRUE(wait_for([&](Executor& e, StoreReply r) {
      dynamic_cast<TwinStore&>(*store).put_twin({key, identity("").generation_id, twin}, e, std::move(r));
    }));
  }
};

TEST_P(TwinScanContract, DevicesAndModulesEachInTheOrderOfTheirBytes) {
  must({create(identity("b")), create(identity("B")), create(identity("a-1")), create(identity("a"))});
  must({create(identity("b", "m2")), create(identity("b", "m1")), create(identity("a-1", "z"))});
  EXPECT_EQ(keys(scan(Kind::kDevices)), "B a a-1 b");
  EXPECT_EQ(keys(scan(Kind::kModules)), "a-1/z b/m1 b/m2");
  reopen();
  EXPECT_EQ(keys(scan(Kind::kDevices)), "B a a-1 b");
}

TEST_P(TwinScanContract, BeginsBehindAKeyWhetherItIsThereOrNot) {
  must({create(identity("a")), create(identity("c")), create(identity("a", "m1")), create(identity("a", "m3"))});
  EXPECT_EQ(keys(scan(Kind::kDevices, {"a", ""})), "c");
  EXPECT_EQ(keys(scan(Kind::kDevices, {"b", ""})), "c");
  EXPECT_EQ(keys(scan(Kind::kDevices, {"c", ""})), "");
  EXPECT_EQ(keys(scan(Kind::kModules, {"a", "m1"})), "a/m3");
  EXPECT_EQ(keys(scan(Kind::kModules, {"a", "m2"})), "a/m3");
  EXPECT_EQ(keys(scan(Kind::kModules, {"b", ""})), "");
}

TEST_P(TwinScanContract, EndsWithItsRowsOrItsBytes) {
  must({create(identity("a")), create(identity("b")), create(identity("c"))});
  EXPECT_EQ(keys(scan(Kind::kDevices, {}, 2)), "a b");
  EXPECT_EQ(keys(scan(Kind::kDevices, {"b", ""}, 2)), "c");
  Twin twin;
  twin.tags = '"' + std::string(1000, 'x') + '"';
  put_twin({"b", ""}, twin);
  EXPECT_EQ(keys(scan(Kind::kDevices, {}, kMany, 1000)), "a b") << "at least the one that goes beyond";
}

TEST_P(TwinScanContract, IdentityAndTwinAsTheyWereWritten) {
  must({create(full_identity()), create(identity("a"))});
  Twin twin;
  twin.tags = R"({"n":1.0})";
  twin.model_id = "dtmi:x;1";
  put_twin({"a", ""}, twin);
  twin.revision = 1;
  auto rows = scan(Kind::kDevices);
  ASSERT_EQ(rows.size(), 2U);
  // The times belong to note_activity().
  EXPECT_EQ(rows[0].identity, store->find(full_identity().key).value());
  EXPECT_EQ(rows[0].twin, std::nullopt);
  EXPECT_EQ(rows[1].twin, twin);
}

TEST_P(TwinScanContract, ShowsEveryAnsweredWriteAndNothingThatIsGone) {
  for (int i = 0; i < 50; ++i) {
    must({create(identity("d"))});
    EXPECT_EQ(keys(scan(Kind::kDevices)), "d");
    put_twin({"d", ""}, {});
    EXPECT_TRUE(scan(Kind::kDevices)[0].twin.has_value());
    must({erase({"d", ""})});
    EXPECT_EQ(keys(scan(Kind::kDevices)), "");
  }
}

TEST_P(TwinScanContract, ActivityThatIsNotWrittenYetIsSeen) {
  must({create(identity("d"))});
  const UtcTime then = from_unix_ms(1'786'784'856'000);
  store->note_activity({"d", ""}, then, then);
  EXPECT_EQ(scan(Kind::kDevices)[0].identity.last_activity, then);
}

INSTANTIATE_TEST_SUITE_P(Stores, TwinScanContract, ::testing::Values("memory", "sqlite"));

}  // namespace
}  // namespace nave::hub::contract
