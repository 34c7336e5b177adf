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

TEST_P(TwinScanContract, WalksUntilItIsToldToStop) {
  must({create(identity("a")), create(identity("b")), create(identity("c"))});
  const auto walk = [&](const TwinScan::Range& range, const std::string& last) {
    std::string seen;
    const bool all = dynamic_cast<TwinScan&>(*store)
                         .scan(range,
                               [&](ScannedRow& row) {
                                 seen += row.key().text() + " ";
                                 return row.device() != last;
                               })
                         .value();
    return seen + (all ? "all" : "stopped");
  };
  EXPECT_EQ(walk({}, ""), "a b c all");
  EXPECT_EQ(walk({}, "b"), "a b stopped");
  EXPECT_EQ(walk({Kind::kDevices, {"a", ""}, false}, "b"), "b stopped");
}

TEST_P(TwinScanContract, SkipsWhatWasNeverWritten) {
  for (const char* id : {"a", "b", "c", "d"}) must({create(identity(id)), create(identity(id, "m"))});
  const auto written = [&](Kind kind, const IdentityKey& after) {
    std::string seen;
    const auto done = dynamic_cast<TwinScan&>(*store).scan({kind, after, true}, [&](ScannedRow& row) {
      EXPECT_EQ(row.identity()->key, row.key());
      EXPECT_EQ(row.twin()->tags, '"' + row.key().text() + '"');
      EXPECT_FALSE(row.broken());
      seen += row.key().text() + " ";
      return true;
    });
    EXPECT_TRUE(done.value());
    return seen;
  };
  EXPECT_EQ(written(Kind::kDevices, {}), "");
  for (const IdentityKey& key : {IdentityKey{"b", ""}, IdentityKey{"d", ""}, IdentityKey{"c", "m"}}) {
    Twin twin;
    twin.tags = '"' + key.text() + '"';
    put_twin(key, twin);
  }
  EXPECT_EQ(written(Kind::kDevices, {}), "b d ");
  EXPECT_EQ(written(Kind::kDevices, {"b", ""}), "d ");
  EXPECT_EQ(written(Kind::kModules, {}), "c/m ");
}

// Twins are found beside their identities however they are scattered, and whether each is asked for or only some.
TEST_P(TwinScanContract, EachRowHasItsOwnTwin) {
  std::vector<IdentityKey> keys;
  for (int i = 100; i < 200; ++i) {
    keys.push_back({"d" + std::to_string(i), ""});
    must({create(identity(keys.back().device)), create(identity(keys.back().device, "m"))});
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    if (i % 3 == 0 && i / 30 != 1) continue;
    Twin twin;
    twin.tags = '"' + keys[i].text() + '"';
    put_twin(keys[i], twin);
    put_twin({keys[i].device, "m"}, twin);
  }
  for (const Kind kind : {Kind::kDevices, Kind::kModules}) {
    for (const size_t every : {1U, 2U, 17U, 40U}) {
      size_t i = 0;
      (void)dynamic_cast<TwinScan&>(*store).scan({kind, {}, false}, [&](ScannedRow& row) {
        const size_t n = i++;
        if (n % every != 0) return true;
        EXPECT_EQ(row.twin() != nullptr, n % 3 != 0 || n / 30 == 1) << row.device();
        const std::string tags = row.twin() == nullptr ? "" : std::string(row.twin()->tags);
        EXPECT_EQ(tags, row.twin() == nullptr ? "" : '"' + std::string(row.device()) + '"');
        return true;
      });
      EXPECT_EQ(i, keys.size());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, TwinScanContract, ::testing::Values("memory", "sqlite"));

}  // namespace
}  // namespace nave::hub::contract
