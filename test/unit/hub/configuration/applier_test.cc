// What the random test does not meet: more changes than are kept, and a store that refuses.
#include "hub/configuration/applier.h"

#include <gtest/gtest.h>

#include "hub/configuration/service.h"
#include "store/memory/device_store.h"
#include "support/fake_shard.h"

namespace nave::hub {
namespace {

// Refuses some writes and scans.
class RefusingStore final : public TwinStore, public TwinScan {
 public:
  explicit RefusingStore(store::memory::MemoryDeviceStore& inner) : inner_(inner) {}
  [[nodiscard]] Result<std::optional<Twin>, StoreError> load_twin(const IdentityKey& key) const override {
    return inner_.load_twin(key);
  }
  void put_twin(TwinWrite write, Executor& reply_on, StoreReply reply) override {
    if (writes_refused == 0) return inner_.put_twin(std::move(write), reply_on, std::move(reply));
    --writes_refused;
    reply_on.post([reply = std::move(reply)]() mutable { reply(fail(StoreError::kUnavailable)); });
  }
  [[nodiscard]] const std::vector<IndexedPath>& indexes() const override { return inner_.indexes(); }
  [[nodiscard]] Result<bool, StoreError> scan(const Range& range,
                                              const std::function<bool(ScannedRow&)>& visit) const override {
    ++scans;
    if (refuses_scans) return fail(StoreError::kUnavailable);
    return inner_.scan(range, visit);
  }

  int writes_refused = 0;
  bool refuses_scans = false;
  mutable int scans = 0;

 private:
  store::memory::MemoryDeviceStore& inner_;
};

class Applier : public testing::Test {
 protected:
  test::FakeShard shard;
  Metrics metrics;
  store::memory::MemoryDeviceStore memory;
  RefusingStore store{memory};
  HubInfo hub{"hub.example.test", {}};
  SessionDirectory sessions{memory, shard.clock, metrics};
  Registry registry{memory, sessions, hub, shard.clock};
  TwinService twins{store, registry, sessions, shard.clock, metrics};
  ConfigurationService service{{memory, memory, store, store, registry, twins, shard.executor, shard.clock}, metrics};

  void SetUp() override {
    registry.set_listener(service.listener());
    twins.set_listener(service.listener());
  }
  void make(const std::string& id) {
    registry.put_device({id, ""}, {}, {}, shard.executor, [](HubResult<Identity> made) { EXPECT_TRUE(made); });
    shard.run_until_idle();
  }
  void put(const std::string& condition, bool exists = false) {
    Configuration c;
    c.id = "c";
    c.target_condition = condition;
    c.content = R"({"deviceContent":{"properties.desired.a":1}})";
    IfMatch if_match;
    if (exists) if_match.kind = IfMatch::Kind::kAny;
    service.put(c, if_match, shard.executor, [](HubResult<ConfigurationDocument> done) { EXPECT_TRUE(done); });
    shard.run_until_idle();
  }
  std::string desired(const std::string& id) {
    const auto twin = memory.load_twin({id, ""}).value();
    return twin ? twin->desired.values : "{}";
  }
  uint64_t counter(const char* name) { return metrics.counter(name, "").value(); }
};

TEST_F(Applier, AFullQueueMakesAScanAndNothingIsForgotten) {
  make("d");
  put("tags.x = 1");
  const uint64_t scans = counter("configurations_scans");
  for (size_t i = 0; i < kConfigurationDirtyMax; ++i) {
    service.listener().on_changed({"nobody-" + std::to_string(i), ""}, kAspectTags);
  }
  // As if the twin service had just written it.
  Twin twin = fresh_twin(*memory.find({"d", ""}));
  twin.tags = R"({"x":1})";
  memory.put_twin({{"d", ""}, memory.find({"d", ""})->generation_id, twin}, shard.executor,
                  [](Result<void, StoreError> done) { EXPECT_TRUE(done); });
  service.listener().on_changed({"d", ""}, kAspectTags);
  shard.run_until_idle();
  EXPECT_EQ(counter("configurations_scans"), scans + 1);
  EXPECT_EQ(desired("d"), R"({"a":1})");
}

TEST_F(Applier, OneBelowTheLimitIsQueued) {
  make("d");
  put("tags.x = 1");
  const uint64_t scans = counter("configurations_scans");
  for (size_t i = 0; i < kConfigurationDirtyMax; ++i) {
    service.listener().on_changed({"nobody-" + std::to_string(i), ""}, kAspectTags);
  }
  shard.run_until_idle();
  EXPECT_EQ(counter("configurations_scans"), scans);
}

TEST_F(Applier, WhatNoConditionLooksAtCostsNothing) {
  make("d");
  put("tags.x = 1");
  const uint64_t evaluated = counter("configurations_evaluated");
  service.listener().on_changed({"d", ""}, kAspectReported);
  service.listener().on_changed({"d", "m"}, kAspectTags);
  EXPECT_TRUE(shard.executor.idle());
  service.listener().on_changed({"d", ""}, kAspectTags);
  shard.run_until_idle();
  EXPECT_EQ(counter("configurations_evaluated"), evaluated + 1);
}

TEST_F(Applier, AWriteThatIsRefusedIsTriedAgainWithTheNextTick) {
  make("d");
  store.writes_refused = 1;
  put("*");
  EXPECT_EQ(desired("d"), "{}");
  EXPECT_EQ(counter("configurations_failed"), 1U);
  EXPECT_FALSE(service.is_settled());
  service.on_tick();
  shard.run_until_idle();
  EXPECT_EQ(desired("d"), R"({"a":1})");
  EXPECT_TRUE(service.is_settled());
}

TEST_F(Applier, AScanThatIsRefusedBeginsAgainWithTheNextTick) {
  make("d");
  store.refuses_scans = true;
  put("*");
  EXPECT_EQ(store.scans, 1) << "it does not spin";
  service.on_tick();
  shard.run_until_idle();
  EXPECT_EQ(store.scans, 2);
  store.refuses_scans = false;
  service.on_tick();
  shard.run_until_idle();
  EXPECT_EQ(desired("d"), R"({"a":1})");
}

TEST_F(Applier, AStartLooksAtEverythingUntilNothingIsLeftOfAnyConfiguration) {
  const auto pending = [&] { return memory.load_setting("configurationsPending").value_or("no"); };
  make("d");
  service.on_tick();
  shard.run_until_idle();
  EXPECT_EQ(pending(), "no");
  put("*");
  EXPECT_EQ(pending(), "yes");
  service.remove("c", {}, shard.executor, [](const HubResult<void>& done) { EXPECT_TRUE(done); });
  // The hub ends here: the configuration is gone and the twin still shows it.
  while (!memory.load_configurations().value().empty()) (void)shard.executor.run_one();
  EXPECT_EQ(memory.load_twin({"d", ""}).value()->configurations, R"({"c":{"status":"Applied"}})");
  test::QueueExecutor worker;
  ConfigurationService next({memory, memory, store, store, registry, twins, worker, shard.clock}, metrics);
  next.start();
  while (worker.run_one()) {
  }
  EXPECT_EQ(memory.load_twin({"d", ""}).value()->configurations, "");
  next.on_tick();
  while (worker.run_one()) {
  }
  EXPECT_EQ(pending(), "no");
}

}  // namespace
}  // namespace nave::hub
