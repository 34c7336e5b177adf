#include "hub/device/registry.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "store/memory/device_store.h"
#include "support/fake_shard.h"

namespace nave::hub {
namespace {

using Kind = IfMatch::Kind;

class RecordedSession final : public Session {
 public:
  void end(EndReason why) override { ended.push_back(why); }
  [[nodiscard]] bool still_authorized(const Identity& identity) const override {
    return identity.authentication.primary_key == key || identity.authentication.secondary_key == key;
  }
  std::string key;
  std::vector<EndReason> ended;
};

class RegistryTest : public testing::Test {
 protected:
  static constexpr uint64_t kRoom = 120;

  HubResult<Identity> put(const IdentityKey& key, DeviceInput input = {}, IfMatch if_match = {}) {
    std::optional<HubResult<Identity>> out;
    registry.put_device(key, std::move(input), std::move(if_match), shard.executor,
                        [&](HubResult<Identity> r) { out = std::move(r); });
    EXPECT_FALSE(out);  // never from inside the call
    shard.run_until_idle();
    return *out;
  }
  HubResult<Identity> put_module(const IdentityKey& key, ModuleInput input = {}, IfMatch if_match = {}) {
    std::optional<HubResult<Identity>> out;
    registry.put_module(key, std::move(input), std::move(if_match), shard.executor,
                        [&](HubResult<Identity> r) { out = std::move(r); });
    shard.run_until_idle();
    return *out;
  }
  HubResult<void> remove(const IdentityKey& key, IfMatch if_match = {Kind::kAny, "", false}) {
    std::optional<HubResult<void>> out;
    registry.remove(key, std::move(if_match), shard.executor, [&](HubResult<void> r) { out = r; });
    EXPECT_FALSE(out);
    shard.run_until_idle();
    return *out;
  }
  static IfMatch any() { return {Kind::kAny, "", false}; }
  static IfMatch tag(uint64_t etag) { return {Kind::kTag, counter_etag_text(etag), true}; }
  std::shared_ptr<SessionLink> connect(const IdentityKey& key, RecordedSession& session) {
    auto link = std::make_shared<SessionLink>(shard.executor, session);
    (void)sessions.claim(key, link);
    return link;
  }
  // Sends back what was read, with a change.
  static DeviceInput echo(const Identity& device) {
    DeviceInput out;
    out.enabled = device.enabled;
    out.authentication.emplace();
    out.authentication->primary_key = device.authentication.primary_key;
    out.authentication->secondary_key = device.authentication.secondary_key;
    return out;
  }

  test::FakeShard shard;
  Metrics metrics;
  store::memory::MemoryDeviceStore store{kRoom};
  HubInfo hub{"hub1.example.test", {}};
  SessionDirectory sessions{store, shard.clock, metrics};
  Registry registry{store, sessions, hub, shard.clock};
};

TEST_F(RegistryTest, EveryWriteMovesTheEtagByOneAndKeepsTheGeneration) {
  const auto created = put({"d", ""});
  ASSERT_TRUE(created);
  EXPECT_EQ(created->generation_id, std::to_string(dotnet_ticks(shard.clock.utc())));
  shard.advance(1000);
  const auto updated = put({"d", ""}, echo(*created), tag(created->etag));
  ASSERT_TRUE(updated);
  EXPECT_EQ(updated->etag, created->etag + 1);
  EXPECT_EQ(updated->generation_id, created->generation_id);
  EXPECT_EQ(registry.get({"d", ""})->etag, updated->etag);
  ASSERT_TRUE(remove({"d", ""}));
  EXPECT_NE(put({"d", ""})->generation_id, created->generation_id);
}

TEST_F(RegistryTest, StatusChangesAreDated) {
  const auto created = put({"d", ""});
  EXPECT_EQ(created->status_updated, kNever);
  shard.advance(1000);
  DeviceInput off = echo(*created);
  off.enabled = false;
  const auto disabled = put({"d", ""}, off, any());
  EXPECT_EQ(disabled->status_updated, shard.clock.utc());
  shard.advance(1000);
  EXPECT_EQ(put({"d", ""}, off, any())->status_updated, disabled->status_updated);
}

TEST_F(RegistryTest, StatusReasonsHave128CharactersAtMost) {
  std::string reason;
  for (int i = 0; i < 128; ++i) reason += "\xC3\xA9";
  DeviceInput input;
  input.status_reason = reason;
  EXPECT_EQ(put({"d", ""}, input)->status_reason, reason);
  input.status_reason = reason + "x";
  EXPECT_EQ(put({"d2", ""}, input).error().code, ErrorCode::kArgumentInvalid);
}

TEST_F(RegistryTest, DisablingEndsTheDeviceAndItsModules) {
  const auto device = put({"d", ""});
  const auto module = put_module({"d", "m"});
  RecordedSession ds, ms;
  const auto dl = connect({"d", ""}, ds);
  const auto ml = connect({"d", "m"}, ms);
  DeviceInput off = echo(*device);
  off.enabled = false;
  ASSERT_TRUE(put({"d", ""}, off, any()));
  EXPECT_EQ(ds.ended, std::vector{EndReason::kIdentityDisabled});
  EXPECT_EQ(ms.ended, std::vector{EndReason::kIdentityDisabled});
}

TEST_F(RegistryTest, DeletingEndsTheDeviceAndItsModules) {
  (void)put({"d", ""});
  (void)put_module({"d", "m"});
  (void)put({"other", ""});
  RecordedSession ds, ms, os;
  const auto dl = connect({"d", ""}, ds);
  const auto ml = connect({"d", "m"}, ms);
  const auto ol = connect({"other", ""}, os);
  ASSERT_TRUE(remove({"d", ""}));
  EXPECT_EQ(ds.ended, std::vector{EndReason::kIdentityDeleted});
  EXPECT_EQ(ms.ended, std::vector{EndReason::kIdentityDeleted});
  EXPECT_TRUE(os.ended.empty());
  EXPECT_EQ(registry.get({"d", "m"}).error().code, ErrorCode::kDeviceNotFound);
}

TEST_F(RegistryTest, AKeyChangeEndsOnlySessionsOfThatKey) {
  const auto device = put({"d", ""});
  RecordedSession session;
  session.key = device->authentication.primary_key;
  const auto link = connect({"d", ""}, session);
  ASSERT_TRUE(put({"d", ""}, echo(*device), any()));
  DeviceInput other_key = echo(*device);
  other_key.authentication->secondary_key = other_key.authentication->primary_key;
  ASSERT_TRUE(put({"d", ""}, other_key, any()));
  EXPECT_TRUE(session.ended.empty());
  ASSERT_TRUE(put({"d", ""}, {}, any()));  // no authentication: new keys
  EXPECT_EQ(session.ended, std::vector{EndReason::kCredentialsChanged});
}

TEST_F(RegistryTest, AModulesKeyChangeEndsItsSession) {
  (void)put({"d", ""});
  const auto module = put_module({"d", "m"});
  RecordedSession session;
  session.key = module->authentication.primary_key;
  const auto link = connect({"d", "m"}, session);
  ASSERT_TRUE(put_module({"d", "m"}, {}, any()));
  EXPECT_EQ(session.ended, std::vector{EndReason::kCredentialsChanged});
}

TEST_F(RegistryTest, PresenceComesFromTheDirectoryAndThenFromTheStore) {
  const auto device = put({"d", ""});
  EXPECT_FALSE(registry.presence(*device).connected);
  EXPECT_EQ(registry.presence(*device).state_updated, kNever);
  shard.advance(1000);
  RecordedSession session;
  const auto link = std::make_shared<SessionLink>(shard.executor, session);
  const auto claim = sessions.claim({"d", ""}, link);
  EXPECT_TRUE(registry.presence(*device).connected);
  EXPECT_EQ(registry.presence(*device).state_updated, shard.clock.utc());
  shard.advance(1000);
  sessions.release({"d", ""}, claim);
  const Identity after = *registry.get({"d", ""});
  EXPECT_EQ(after.etag, device->etag);  // connecting does not move it
  EXPECT_FALSE(registry.presence(after).connected);
  EXPECT_EQ(registry.presence(after).state_updated, shard.clock.utc());
}

TEST_F(RegistryTest, FiftyModulesPerDeviceAndSystemModulesCount) {
  (void)put({"d", ""});
  for (size_t i = 0; i < limits::kModulesPerDeviceMax; ++i) {
    ASSERT_TRUE(put_module({"d", "m" + std::to_string(i)})) << i;
  }
  EXPECT_EQ(put_module({"d", "more"}).error().code, ErrorCode::kTooManyModulesOnDevice);
}

TEST_F(RegistryTest, TheHubIsFullOfDevicesAndModulesTogether) {
  (void)put({"d", ""});
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(put_module({"d", "m" + std::to_string(i)}));
  for (uint64_t i = 21; i < kRoom - 1; ++i) ASSERT_TRUE(put({"x" + std::to_string(i), ""})) << i;
  DeviceInput edge;
  edge.iot_edge = true;
  EXPECT_EQ(put({"edge", ""}, edge).error().code, ErrorCode::kTooManyDevices);  // would need three places
  EXPECT_EQ(registry.get({"edge", ""}).error().code, ErrorCode::kDeviceNotFound);
  ASSERT_TRUE(put({"last", ""}));
  EXPECT_EQ(put({"one-more", ""}).error().code, ErrorCode::kTooManyDevices);
  EXPECT_EQ(put_module({"d", "more"}).error().code, ErrorCode::kTooManyDevices);
}

// Two writers that read the same version: an unconditional one goes again, a conditional one loses.
TEST_F(RegistryTest, ConcurrentWritersDoNotLoseUpdates) {
  const auto created = put({"d", ""});
  std::vector<HubResult<Identity>> results;
  const auto collect = [&](HubResult<Identity> r) { results.push_back(std::move(r)); };
  registry.put_device({"d", ""}, echo(*created), any(), shard.executor, collect);
  registry.put_device({"d", ""}, echo(*created), any(), shard.executor, collect);
  registry.put_device({"d", ""}, echo(*created), tag(created->etag), shard.executor, collect);
  shard.run_until_idle();
  ASSERT_EQ(results.size(), 3U);
  int won = 0;
  for (const auto& r : results) won += r ? 1 : 0;
  EXPECT_EQ(won, 2);
  EXPECT_EQ(registry.get({"d", ""})->etag, created->etag + 2);
}

// A store that refuses the first `failures` writes.
class StubbornStore final : public DeviceStore {
 public:
  explicit StubbornStore(StoreError error, int failures = 1000) : error_(error), failures_(failures) {}
  [[nodiscard]] std::optional<Identity> find(const IdentityKey& key) const override {
    Identity out;
    out.key = key;
    return out;
  }
  [[nodiscard]] std::vector<Identity> list_devices(size_t) const override { return {}; }
  [[nodiscard]] std::vector<Identity> list_modules(const std::string&) const override { return {}; }
  [[nodiscard]] Counts counts() const override { return {}; }
  void apply(std::vector<IdentityWrite>, Executor& on, StoreReply reply) override {
    const bool ok = applied++ >= failures_;
    on.post([reply = std::move(reply), ok, e = error_]() mutable {
      if (ok) {
        reply({});
      } else {
        reply(fail(e));
      }
    });
  }
  void note_activity(const IdentityKey&, UtcTime, UtcTime) override {}
  [[nodiscard]] std::optional<MqttSession> load_mqtt_session(const IdentityKey&) const override { return {}; }
  void save_mqtt_session(const IdentityKey&, std::optional<MqttSession>, Executor&, StoreReply) override {}
  [[nodiscard]] std::vector<auth::Policy> load_policies() const override { return {}; }
  void save_policies(std::vector<auth::Policy>, Executor&, StoreReply) override {}
  [[nodiscard]] std::optional<std::string> load_setting(const std::string&) const override { return {}; }
  void save_setting(const std::string&, const std::string&, Executor&, StoreReply) override {}
  int applied = 0;

 private:
  StoreError error_;
  int failures_;
};

TEST_F(RegistryTest, AnUnconditionalWriteGoesAgainAfterALostRace) {
  for (const StoreError lost : {StoreError::kVersionMismatch, StoreError::kNotFound, StoreError::kAlreadyExists}) {
    StubbornStore stubborn(lost, 3);
    Registry patient(stubborn, sessions, hub, shard.clock);
    std::optional<HubResult<Identity>> written;
    patient.put_device({"d", ""}, {}, any(), shard.executor, [&](HubResult<Identity> r) { written = r; });
    shard.run_until_idle();
    EXPECT_TRUE(*written);
    EXPECT_EQ(stubborn.applied, 4);
  }
}

TEST_F(RegistryTest, GivesUpOnAStoreThatNeverLetsItWin) {
  StubbornStore stubborn(StoreError::kVersionMismatch);
  Registry tired(stubborn, sessions, hub, shard.clock);
  std::optional<HubResult<void>> removed;
  tired.remove({"d", ""}, any(), shard.executor, [&](HubResult<void> r) { removed = r; });
  shard.run_until_idle();
  EXPECT_EQ(removed->error().code, ErrorCode::kServiceUnavailable);
  EXPECT_EQ(stubborn.applied, 16);
}

TEST_F(RegistryTest, AStoreThatIsDownIsReportedAtOnce) {
  StubbornStore down(StoreError::kUnavailable);
  Registry registry_down(down, sessions, hub, shard.clock);
  std::optional<HubResult<Identity>> written;
  registry_down.put_device({"d", ""}, {}, any(), shard.executor, [&](HubResult<Identity> r) { written = r; });
  shard.run_until_idle();
  EXPECT_EQ(written->error().code, ErrorCode::kServiceUnavailable);
  EXPECT_EQ(down.applied, 1);
}

}  // namespace
}  // namespace nave::hub
