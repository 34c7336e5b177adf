#include "hub/state/service.h"

#include <gtest/gtest.h>

#include "hub/state/record.h"
#include "hub/twin/service.h"
#include "store/memory/device_store.h"
#include "support/fake_shard.h"

namespace nave::hub {
namespace {

// A hub of its own.
struct Hub {
  test::FakeShard shard;
  Metrics metrics;
  store::memory::MemoryDeviceStore store{5000};
  HubInfo info{"hub1.example.test", {}};
  SessionDirectory sessions{store, shard.clock, metrics};
  Registry registry{store, sessions, info, shard.clock};
  TwinService twins{store, registry, sessions, shard.clock, metrics};
  ConfigurationService configurations{{store, store, store, store, registry, twins, shard.executor, shard.clock},
                                      metrics};
  StateService state{{store, store, registry, store, configurations, shard.executor}};

  void put(const IdentityKey& key, DeviceInput input = {}) {
    registry.put_device(key, std::move(input), {}, shard.executor,
                        [](const HubResult<Identity>& r) { ASSERT_TRUE(r); });
    shard.run_until_idle();
  }
  void put_module(const IdentityKey& key) {
    registry.put_module(key, {}, {}, shard.executor, [](const HubResult<Identity>& r) { ASSERT_TRUE(r); });
    shard.run_until_idle();
  }
  HubResult<StatePage> page(const std::string& from) {
    std::optional<HubResult<StatePage>> out;
    state.export_page(from, shard.executor, [&](HubResult<StatePage> p) { out = std::move(p); });
    shard.run_until_idle();
    return *std::move(out);
  }
  std::string everything() {
    std::string out;
    std::string from;
    do {
      const auto p = page(from);
      EXPECT_TRUE(p);
      out += p->lines;
      from = p->continuation;
    } while (!from.empty());
    return out;
  }
  StateImport import(std::string lines) {
    std::optional<HubResult<StateImport>> out;
    state.import_lines(std::move(lines), shard.executor, [&](HubResult<StateImport> r) { out = std::move(r); });
    shard.run_until_idle();
    return **std::move(out);
  }
};

class StateTest : public testing::Test {
 protected:
  StateTest() {
    hub.store.save_policies(auth::make_default_policies(), hub.shard.executor, [](auto) {});
    DeviceInput edge;
    edge.iot_edge = true;
    hub.put({"edge", ""}, edge);
    DeviceInput leaf;
    leaf.enabled = false;
    leaf.device_scope = hub.store.find({"edge", ""})->device_scope;
    hub.put({"leaf", ""}, leaf);
    hub.put_module({"leaf", "m"});
    Twin twin = fresh_twin(*hub.store.find({"leaf", ""}));
    twin.tags = R"({"t":1})";
    twin.reported.values = R"({"r":2.50})";
    twin.reported.version = 8;
    hub.store.put_twin({{"leaf", ""}, hub.store.find({"leaf", ""})->generation_id, twin}, hub.shard.executor,
                       [](auto r) { ASSERT_TRUE(r); });
    hub.shard.run_until_idle();
  }
  Hub hub;
  Hub other;
};

TEST_F(StateTest, TwoExportsAreTheSameAndSoIsThatOfTheHubItIsImportedInto) {
  const std::string lines = hub.everything();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1 + 5 + 2 + 3);
  EXPECT_EQ(hub.everything(), lines);
  other.shard.advance(100'000);
  const StateImport done = other.import(lines);
  EXPECT_EQ(done.created, 5U);
  EXPECT_EQ(done.replaced, 0U);
  EXPECT_EQ(done.policies, 5U);
  EXPECT_TRUE(done.problems.empty());
  EXPECT_EQ(other.everything(), lines);
  EXPECT_EQ(other.store.counts().enabled_devices, 1U);
  const StateImport again = other.import(lines);
  EXPECT_EQ(again.replaced, 5U);
  EXPECT_EQ(other.everything(), lines);
}

TEST_F(StateTest, ANamesakeOfAnotherGenerationGoesWithEverythingOfItsOwn) {
  other.shard.advance(1000);
  other.put({"leaf", ""});
  other.put_module({"leaf", "old"});
  (void)other.import(hub.everything());
  EXPECT_FALSE(other.store.find({"leaf", "old"}));
  EXPECT_EQ(other.store.find({"leaf", ""})->generation_id, hub.store.find({"leaf", ""})->generation_id);
}

TEST_F(StateTest, AFreshTwinTakesThePlaceOfOneThatWasWritten) {
  const std::string before = hub.everything();
  Twin twin = fresh_twin(*hub.store.find({"edge", ""}));
  twin.tags = R"({"later":1})";
  hub.store.put_twin({{"edge", ""}, hub.store.find({"edge", ""})->generation_id, twin}, hub.shard.executor,
                     [](auto) {});
  EXPECT_NE(hub.everything(), before);
  (void)hub.import(before);
  EXPECT_EQ(hub.everything(), before);
}

class RecordedSession final : public Session {
 public:
  void end(EndReason why) override { ended.push_back(why); }
  [[nodiscard]] bool still_authorized(const Identity&) const override { return true; }
  std::vector<EndReason> ended;
};

TEST_F(StateTest, WhoIsConnectedConnectsAnew) {
  RecordedSession session;
  auto link = std::make_shared<SessionLink>(hub.shard.executor, session);
  (void)hub.sessions.claim({"leaf", ""}, link);
  (void)hub.import(hub.everything());
  EXPECT_EQ(session.ended.size(), 1U);
}

TEST_F(StateTest, LinesThatAreWrongAreNamedAndTheOthersCount) {
  const std::string lines = hub.everything();
  const StateImport done = other.import("nonsense\n\n" + lines + R"({"kind":"module","deviceId":"nobody"})");
  EXPECT_EQ(done.created, 5U);
  ASSERT_EQ(done.problems.size(), 2U);
  EXPECT_EQ(done.problems[0].line, 1U);
  EXPECT_EQ(done.problems[1].line, 14U);
}

TEST_F(StateTest, AModuleWhoseDeviceIsNotThereIsAProblem) {
  std::string lines = hub.everything();
  const size_t module = lines.rfind(R"({"kind":"module")");
  const StateImport done = other.import(lines.substr(module));
  ASSERT_EQ(done.problems.size(), 1U);
  EXPECT_EQ(done.problems[0].line, 1U);
  EXPECT_EQ(done.created, 0U);
}

TEST_F(StateTest, PagesGoOnWhereTheyEnded) {
  for (int i = 0; i < 1500; ++i) hub.put({"many" + std::to_string(i), ""});
  const auto first = hub.page("");
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->continuation.empty());
  const std::string lines = hub.everything();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1 + 5 + 1502 + 3);
  EXPECT_EQ(hub.page("nonsense").error().code, ErrorCode::kArgumentInvalid);
}

TEST(StateConfigurations, GoAlongInTheOrderOfTheirCreation) {
  const auto line = [](const std::string& id, int number) {
    return R"({"kind":"configuration","id":")" + id +
           R"(","schemaVersion":"1.0","labels":{"a":"b"},"content":{"deviceContent":{"properties.desired.x":)" +
           std::to_string(number) +
           R"(}},"contentType":null,"targetCondition":"*","priority":5,"metrics":{"queries":{}}})" + "\n";
  };
  Hub one;
  EXPECT_EQ(one.import(line("b", 1)).configurations, 1U);
  one.shard.advance(1000);
  EXPECT_EQ(one.import(line("a", 2)).configurations, 1U);
  const std::string all = one.everything();
  EXPECT_TRUE(all.ends_with(line("b", 1) + line("a", 2))) << all;
  Hub other;
  EXPECT_EQ(other.import(line("a", 7)).configurations, 1U);
  const StateImport done = other.import(all);
  EXPECT_TRUE(done.problems.empty());
  EXPECT_NE(other.everything().find(line("a", 2)), std::string::npos) << "what was there has gone, its content too";
  EXPECT_EQ(other.everything().size(), all.size());
  const StateImport bad = one.import(R"({"kind":"configuration","id":"X"})"
                                     "\n");
  ASSERT_EQ(bad.problems.size(), 1U);
  EXPECT_EQ(bad.problems[0].text, "The configuration id is not valid");
}

}  // namespace
}  // namespace nave::hub
