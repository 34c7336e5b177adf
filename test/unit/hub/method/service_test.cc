#include "hub/method/service.h"

#include <gtest/gtest.h>

#include <optional>

#include "base/limits.h"
#include "hub/method/open_methods.h"
#include "store/memory/device_store.h"
#include "support/fake_shard.h"

namespace nave::hub {
namespace {

// A device's session on a shard of its own.
class FakeDevice final : public Session {
 public:
  explicit FakeDevice(test::FakeShard& s) : shard(s), link(std::make_shared<SessionLink>(s.executor, *this)) {}
  void end(EndReason) override { drop(); }
  [[nodiscard]] bool still_authorized(const Identity&) const override { return true; }
  MethodDelivery deliver_method(const MethodCommand& command, MethodReply& reply) override {
    if (!ready) return MethodDelivery::kNotReady;
    const auto number = open->add(reply, command.deadline_ms, shard.timers.now_ms());
    if (!number) return MethodDelivery::kTooMany;
    received.push_back(command.name + "(" + command.payload + ")#" + std::to_string(*number));
    return MethodDelivery::kDelivered;
  }
  void drop() {
    link->session = nullptr;
    open.reset();
  }

  test::FakeShard& shard;
  std::shared_ptr<SessionLink> link;
  bool ready = true;
  std::vector<std::string> received;
  std::unique_ptr<OpenMethods> open = std::make_unique<OpenMethods>();
};

// One outcome per call, in the order of the endings.
class MethodServiceTest : public ::testing::Test {
 protected:
  MethodServiceTest() {
    add({"d1", ""}, true);
    add({"d1", "m1"}, true);
    add({"off", ""}, false);
    add({"off", "m1"}, true);
  }
  void add(const IdentityKey& key, bool enabled) {
    Identity identity;
    identity.key = key;
    identity.enabled = enabled;
    store.apply({{.expect = IdentityWrite::Expect::kAbsent, .identity = identity}}, here.executor,
                [](Result<void, StoreError> r) { EXPECT_TRUE(r); });
    run();
  }
  void run() {
    while (!here.executor.idle() || !there.executor.idle()) {
      here.run_until_idle();
      there.run_until_idle();
    }
  }
  // Both shards live in the same time.
  void advance(int64_t ms) {
    for (; ms > 0; ms -= 50) {
      here.advance(std::min<int64_t>(ms, 50));
      there.advance(std::min<int64_t>(ms, 50));
      run();
    }
  }
  void invoke(const std::string& name, const MethodInput& times = {}, const IdentityKey& key = {"d1", ""}) {
    MethodInput input = times;
    input.name = name;
    service.invoke(key, std::move(input), here.context, [this, name](const HubResult<MethodAnswer>& answer) {
      ended.push_back(name + ": " +
                      (answer ? std::to_string(answer->status) + " " + answer->payload
                              : std::to_string(row(answer.error().code).code)));
    });
  }
  void connect() { (void)directory.claim({"d1", ""}, device.link); }
  [[nodiscard]] uint64_t counter(const char* name) { return metrics.counter(name, "").value(); }

  using Strings = std::vector<std::string>;
  test::FakeShard here{ShardId{0}};
  test::FakeShard there{ShardId{1}};
  Metrics metrics;
  store::memory::MemoryDeviceStore store;
  HubInfo hub{"hub1.example.test", {}};
  SessionDirectory directory{store, here.clock, metrics};
  Registry registry{store, directory, hub, here.clock};
  FakeDevice device{there};
  MethodService service{registry, directory, 2, metrics};
  Strings ended;
};

TEST_F(MethodServiceTest, AnAnswerReachesTheCallerAsWritten) {
  connect();
  invoke("reboot", {.payload = R"({"delay":1.0})"});
  run();
  EXPECT_EQ(device.received, Strings{R"(reboot({"delay":1.0})#1)"});
  EXPECT_TRUE(ended.empty());
  EXPECT_EQ(service.open_calls(), 1U);
  EXPECT_TRUE(device.open->answer(1, -7, R"({ "ok" : 1.500 })"));
  run();
  EXPECT_EQ(service.open_calls(), 0U);
  EXPECT_EQ(ended, Strings{R"(reboot: -7 { "ok" : 1.500 })"});
  EXPECT_EQ(counter("c2d_methods_success"), 1U);
  EXPECT_EQ(counter("c2d_methods_requestSize"), 13U);
  EXPECT_EQ(counter("c2d_methods_responseSize"), 16U);
  advance(400'000);
  EXPECT_EQ(ended.size(), 1U);
}

TEST_F(MethodServiceTest, UnknownAndDisabled) {
  invoke("a", {}, {"nobody", ""});
  invoke("b", {}, {"d1", "nobody"});
  invoke("c", {}, {"off", ""});
  invoke("d", {}, {"off", "m1"});
  invoke("e", {.response_timeout_s = 4}, {"d1", ""});
  EXPECT_EQ(ended, (Strings{"a: 404001", "b: 404010", "c: 404001", "d: 404001", "e: 400004"}));
  EXPECT_EQ(counter("c2d_methods_failure"), 5U);
}

TEST_F(MethodServiceTest, NotConnectedAndNotSubscribedAreNotOnline) {
  invoke("a");
  EXPECT_EQ(ended, Strings{"a: 404103"});
  device.ready = false;
  connect();
  invoke("b");
  run();
  EXPECT_EQ(ended, (Strings{"a: 404103", "b: 404103"}));
}

TEST_F(MethodServiceTest, WaitsForTheConnectTimeOutAndNoLonger) {
  invoke("a", {.connect_timeout_s = 10});
  advance(9'950);
  EXPECT_TRUE(ended.empty());
  advance(100);
  EXPECT_EQ(ended, Strings{"a: 404103"});
  connect();
  service.on_ready({"d1", ""});
  run();
  EXPECT_TRUE(device.received.empty()) << "never queued beyond the time-out";
}

TEST_F(MethodServiceTest, SentWhenTheDeviceConnectsAndSubscribes) {
  invoke("a", {.response_timeout_s = 20, .connect_timeout_s = 10});
  invoke("b", {.response_timeout_s = 20, .connect_timeout_s = 10});
  device.ready = false;
  advance(4'000);
  connect();
  advance(1'000);
  EXPECT_TRUE(device.received.empty()) << "connected is not enough";
  device.ready = true;
  service.on_ready({"d1", ""});
  run();
  EXPECT_EQ(device.received, (Strings{"a(null)#1", "b(null)#2"}));
  advance(14'900);
  EXPECT_TRUE(ended.empty()) << "the response time-out is that of the whole call";
  device.open->answer(2, 200, "");
  run();
  advance(200);
  EXPECT_EQ(ended, (Strings{"b: 200 null", "a: 504101"}));
}

TEST_F(MethodServiceTest, ReadinessOfOthersWakesNobody) {
  invoke("a", {.connect_timeout_s = 10});
  connect();
  service.on_ready({"d1", "m1"});
  run();
  EXPECT_TRUE(device.received.empty());
  service.on_ready({"d1", ""});
  run();
  EXPECT_EQ(device.received.size(), 1U);
  service.on_ready({"d1", ""});
  run();
  EXPECT_EQ(device.received.size(), 1U) << "at most once";
}

// The device subscribes between the attempt on its shard and the return of the bad news.
TEST_F(MethodServiceTest, AReadinessThatCrossesAnAttemptIsNotLost) {
  device.ready = false;
  connect();
  invoke("a", {.connect_timeout_s = 10});
  there.run_until_idle();
  device.ready = true;
  service.on_ready({"d1", ""});
  run();
  EXPECT_EQ(device.received, Strings{"a(null)#1"});
}

TEST_F(MethodServiceTest, AnAttemptUnderWayIsNotCalledOffline) {
  connect();
  invoke("a", {.response_timeout_s = 10, .connect_timeout_s = 5});
  here.advance(6'000);  // the device's shard is slow
  EXPECT_TRUE(ended.empty());
  run();
  EXPECT_EQ(device.received.size(), 1U);
  device.open->answer(1, 200, "1");
  run();
  EXPECT_EQ(ended, Strings{"a: 200 1"});
}

TEST_F(MethodServiceTest, NoAnswerInTimeAndLateAnswers) {
  connect();
  invoke("a", {.response_timeout_s = 5});
  advance(4'950);
  EXPECT_TRUE(ended.empty());
  advance(100);
  EXPECT_EQ(ended, Strings{"a: 504101"});
  device.open->answer(1, 200, "1");
  device.open->answer(1, 200, "2");
  run();
  EXPECT_EQ(ended.size(), 1U);
}

TEST_F(MethodServiceTest, DuplicateAndUnknownAnswersChangeNothing) {
  connect();
  invoke("a");
  run();
  EXPECT_FALSE(device.open->answer(0, 200, ""));
  EXPECT_FALSE(device.open->answer(2, 200, ""));
  EXPECT_TRUE(device.open->answer(1, 200, ""));
  EXPECT_FALSE(device.open->answer(1, 500, ""));
  run();
  EXPECT_EQ(ended, Strings{"a: 200 null"});
}

TEST_F(MethodServiceTest, ADroppedConnectionEndsWhatItCarriedAtOnce) {
  connect();
  invoke("a");
  invoke("b");
  run();
  device.drop();
  run();
  EXPECT_EQ(ended, (Strings{"a: 404104", "b: 404104"}));
}

TEST_F(MethodServiceTest, ASessionThatEndsOnTheWayIsNotOnline) {
  connect();
  invoke("a");
  device.drop();
  run();
  EXPECT_EQ(ended, Strings{"a: 404103"});
}

TEST_F(MethodServiceTest, TooManyInFlight) {
  connect();
  for (size_t i = 0; i < limits::kMethodsInFlightPerIdentityMax; ++i) invoke("m", {.response_timeout_s = 5});
  run();
  EXPECT_TRUE(ended.empty());
  invoke("over");
  run();
  EXPECT_EQ(ended, Strings{"over: 403800"});
  device.open->answer(5, 200, "");
  invoke("next", {.response_timeout_s = 60});
  run();
  EXPECT_EQ(ended, (Strings{"over: 403800", "m: 200 null"}));
  // Those that are never answered do not take the place of others for ever.
  advance(6'000);
  EXPECT_EQ(ended.size(), 1 + limits::kMethodsInFlightPerIdentityMax);
  for (size_t i = 0; i < limits::kMethodsInFlightPerIdentityMax - 1; ++i) invoke("again");
  run();
  EXPECT_EQ(device.open->size(), limits::kMethodsInFlightPerIdentityMax);
}

TEST_F(MethodServiceTest, TooManyWaiting) {
  for (size_t i = 0; i < limits::kMethodsInFlightPerIdentityMax; ++i) invoke("m", {.connect_timeout_s = 10});
  EXPECT_TRUE(ended.empty());
  invoke("over", {.connect_timeout_s = 10});
  EXPECT_EQ(ended, Strings{"over: 403800"});
  connect();
  service.on_ready({"d1", ""});
  run();
  EXPECT_EQ(device.received.size(), limits::kMethodsInFlightPerIdentityMax);
}

TEST_F(MethodServiceTest, CommandsThatWaitAreBoundedInBytes) {
  const MethodInput large{.payload = std::string(limits::kMethodPayloadBytesMax, '1'), .connect_timeout_s = 10};
  constexpr size_t kFit = limits::kMethodCommandBytesMax / limits::kMethodPayloadBytesMax;
  for (size_t i = 0; i < kFit; ++i) {
    const IdentityKey key{"many" + std::to_string(i / limits::kMethodsInFlightPerIdentityMax), ""};
    if (i % limits::kMethodsInFlightPerIdentityMax == 0) add(key, true);
    invoke("m", large, key);
  }
  EXPECT_TRUE(ended.empty());
  invoke("over", {.payload = "1", .connect_timeout_s = 10});
  EXPECT_EQ(ended, Strings{"over: 429001"});
  advance(11'000);
  EXPECT_EQ(ended.size(), kFit + 1);
  invoke("again", {.payload = "1"});
  EXPECT_EQ(ended.back(), "again: 404103");
}

TEST_F(MethodServiceTest, AnswersThatCannotBePassedOn) {
  connect();
  for (const char* name : {"a", "b", "c", "d"}) invoke(name);
  run();
  device.open->answer(1, 200, "undefined");
  device.open->answer(2, 200, "{} {}");
  device.open->answer(3, 200, "\"" + std::string(limits::kMethodPayloadBytesMax - 1, 'x') + "\"");
  device.open->answer(4, 200, "\"" + std::string(limits::kMethodPayloadBytesMax - 2, 'x') + "\"");
  run();
  ASSERT_EQ(ended.size(), 4U);
  EXPECT_EQ(ended[0], "a: 502000");
  EXPECT_EQ(ended[1], "b: 502000");
  EXPECT_EQ(ended[2], "c: 502000");
  EXPECT_TRUE(ended[3].starts_with("d: 200 \"xx"));
}

TEST_F(MethodServiceTest, CallsThatAreOpenAtTheEndAreForgotten) {
  bool destroyed = false;
  struct Guard {
    bool* flag;
    ~Guard() { *flag = true; }
  };
  {
    MethodService short_lived(registry, directory, 1, metrics);
    short_lived.invoke({"d1", ""}, {.name = "m", .connect_timeout_s = 10}, here.context,
                       [guard = std::make_shared<Guard>(&destroyed)](const HubResult<MethodAnswer>&) { FAIL(); });
  }
  EXPECT_TRUE(destroyed);
  here.advance(20'000);
}

}  // namespace
}  // namespace nave::hub
