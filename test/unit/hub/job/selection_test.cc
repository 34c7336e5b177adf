#include "hub/job/selection.h"

#include <functional>

#include "hub/job/limits.h"
#include "unit/hub/job/job_rig.h"

namespace nave::hub {
namespace {

// Counts what is read.
class CountingScan final : public TwinScan {
 public:
  explicit CountingScan(const TwinScan& i) : inner(i) {}
  [[nodiscard]] const std::vector<IndexedPath>& indexes() const override { return inner.indexes(); }
  [[nodiscard]] Result<bool, StoreError> scan(const Range& range,
                                              const std::function<bool(ScannedRow&)>& visit) const override {
    ++batches;
    return inner.scan(range, visit);
  }
  const TwinScan& inner;
  mutable size_t batches = 0;
};

class JobSelectionTest : public JobRig {
 protected:
  std::string select(const std::string& condition) {
    const auto selection = JobSelection::parse(condition, {scan, store, process->registry});
    if (!selection) return selection.error();
    std::string out;
    IdentityKey after;
    for (int i = 0; i < 10'000; ++i) {
      const auto batch = selection->next(after).value();
      EXPECT_TRUE(batch.end || after < batch.to);
      for (const IdentityKey& key : batch.targets) out += key.text() + " ";
      after = batch.to;
      if (batch.end) return out;
    }
    return "endless";
  }
  CountingScan scan{store};
};

TEST_F(JobSelectionTest, Conditions) {
  for (const char* id : {"a", "b", "c"}) add({id, ""});
  for (const char* id : {"m", "n"}) add({"b", id});
  add({"c", "m"});
  EXPECT_EQ(select("*"), "a b c ");
  EXPECT_EQ(select("deviceId > 'a'"), "b c ");
  EXPECT_EQ(select("FROM devices.modules"), "b/m b/n c/m ");
  EXPECT_EQ(select("FROM devices.modules WHERE moduleId = 'm'"), "b/m c/m ");
  EXPECT_EQ(select("FROM devices WHERE deviceId = 'a'"), "a ");
  EXPECT_EQ(select("tags.a = "),
            "SQL query parse failed due to following errors: Line 1:9 Unexpected end of the query");
}

TEST_F(JobSelectionTest, NamedDevicesAreLookedUp) {
  add_devices(2000);
  add({device_name(7), "m"});
  add({device_name(7), "n"});
  for (const char* condition :
       {"deviceId IN ['d000900', 'd000007', 'nobody', 'd000007', 5]", "DeviceId = 'd000007' OR 'd000900' = deviceId",
        "deviceId IN ['d000007', 'd000900', 'd000001'] AND deviceId != 'd000001'"}) {
    EXPECT_EQ(select(condition), "d000007 d000900 ") << condition;
  }
  EXPECT_EQ(select("deviceId = 5"), "");
  EXPECT_EQ(select("deviceId IN []"), "");
  EXPECT_EQ(scan.batches, 0U);
  EXPECT_EQ(select("FROM devices.modules WHERE deviceId IN ['d000007', 'd000900', 'zzz']"), "d000007/m d000007/n ");
  EXPECT_LE(scan.batches, 4U);
  EXPECT_EQ(select("FROM devices.modules WHERE devices.deviceId = 'd000007' AND moduleId = 'n'"), "d000007/n ");
}

TEST_F(JobSelectionTest, WhatDoesNotNameDevicesScans) {
  add_devices(3);
  EXPECT_EQ(select("deviceId = 'd000001' OR status = 'enabled'"), "d000000 d000001 d000002 ");
  EXPECT_EQ(select("NOT deviceId = 'd000001'"), "d000000 d000002 ");
  EXPECT_EQ(select("deviceId NIN ['d000001']"), "d000000 d000002 ");
  EXPECT_EQ(select("deviceId IN ['d000001', tags.x]"), "d000001 ");
  EXPECT_EQ(select("deviceId != 'd000001'"), "d000000 d000002 ");
  EXPECT_GT(scan.batches, 0U);
}

TEST_F(JobSelectionTest, ManyTwinsTakeSeveralBatches) {
  constexpr size_t kTwins = 2 * kJobTurnTwins;
  add_devices(kTwins);
  std::string expected;
  for (size_t i = 0; i < kTwins; ++i) expected += device_name(i) + " ";
  EXPECT_EQ(select("*"), expected);
  EXPECT_EQ(select("NOT IS_DEFINED(tags.x)"), expected);
  EXPECT_EQ(select("tags.x = 1"), "") << "of twins that were never written nothing can be known";
  EXPECT_GE(scan.batches, 5U);
}

TEST_F(JobSelectionTest, ManyNamesTakeSeveralBatches) {
  add_devices(600);
  std::string list;
  std::string expected;
  for (size_t i = 0; i < 600; ++i) {
    list += (i > 0 ? ",'" : "'") + device_name(i) + "'";
    expected += device_name(i) + " ";
  }
  EXPECT_EQ(select("deviceId IN [" + list + "]"), expected);
}

}  // namespace
}  // namespace nave::hub
