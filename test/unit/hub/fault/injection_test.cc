// Lasting faults begin, end and replace each other by the clock, per identity; pending ones go with their owner.
#include "hub/fault/injection.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/limits.h"
#include "hub/fault/pending.h"
#include "support/fake_shard.h"

namespace nave::hub {
namespace {

using nave::test::FakeShard;

const IdentityKey kDevice{"d1", ""};
const IdentityKey kModule{"d1", "m1"};

class Faults : public testing::Test {
 protected:
  std::optional<FaultRequest> ask(std::string_view type, std::string_view delay, std::string_view duration) {
    EventView message;
    message.application = {{"AzIoTHub_FaultOperationType", type},
                           {"AzIoTHub_FaultOperationDelayInSecs", delay},
                           {"AzIoTHub_FaultOperationDurationInSecs", duration}};
    return faults_.take(message, kDevice);
  }
  FakeShard shard_;
  Metrics metrics_;
  FaultInjection faults_{shard_.clock, metrics_};
};

TEST_F(Faults, NothingUntilAsked) {
  EXPECT_FALSE(faults_.refusal(kDevice));
  EXPECT_FALSE(faults_.refuses_login(kDevice));
  EventView message;
  EXPECT_FALSE(faults_.take(message, kDevice));
}

TEST_F(Faults, FromTheDelayToTheEndOfTheDuration) {
  EXPECT_FALSE(ask("InvokeThrottling", "2", "5")) << "nothing to do to the connection";
  shard_.advance(1999);
  EXPECT_FALSE(faults_.refusal(kDevice));
  shard_.advance(1);
  EXPECT_EQ(faults_.refusal(kDevice), ErrorCode::kThrottlingException);
  EXPECT_FALSE(faults_.refusal(kModule)) << "another identity";
  EXPECT_FALSE(faults_.refuses_login(kDevice));
  shard_.advance(4999);
  EXPECT_TRUE(faults_.refusal(kDevice));
  shard_.advance(1);
  EXPECT_FALSE(faults_.refusal(kDevice));
}

TEST_F(Faults, QuotaAndAuthentication) {
  EXPECT_FALSE(ask("InvokeMaxMessageQuota", "0", "5"));
  EXPECT_EQ(faults_.refusal(kDevice), ErrorCode::kIotHubQuotaExceeded);
  const auto close = ask("InvokeAuthError", "0", "3");
  ASSERT_TRUE(close) << "the live connection must go";
  EXPECT_EQ(close->type, FaultType::kInvokeAuthError);
  EXPECT_TRUE(faults_.refuses_login(kDevice));
  shard_.advance(3000);
  EXPECT_FALSE(faults_.refuses_login(kDevice));
  EXPECT_TRUE(faults_.refusal(kDevice)) << "each for itself";
}

TEST_F(Faults, ANewRequestReplacesTheOld) {
  (void)ask("InvokeThrottling", "0", "3600");
  (void)ask("InvokeThrottling", "0", "1");
  shard_.advance(1000);
  EXPECT_FALSE(faults_.refusal(kDevice));
}

TEST_F(Faults, BadRequestsAreIgnored) {
  EXPECT_FALSE(ask("InvokeThrottling", "0", "3601"));
  EXPECT_FALSE(ask("NoSuchFault", "0", "1"));
  EXPECT_FALSE(faults_.refusal(kDevice));
}

class Target final : public FaultTarget {
 public:
  explicit Target(TimerWheel& timers) : pending(std::make_unique<PendingFaults>(*this, timers)) {}
  void suffer(const FaultRequest& fault) override {
    suffered.emplace_back(text(fault.type));
    if (dies) pending.reset();
  }
  std::vector<std::string> suffered;
  bool dies = false;
  std::unique_ptr<PendingFaults> pending;
};

FaultRequest request(FaultType type, int64_t delay_ms) {
  return {.type = type, .reason = "", .delay_ms = delay_ms, .duration_ms = 0};
}

TEST(PendingFaults, EachAtItsMoment) {
  FakeShard shard;
  Target target(shard.timers);
  target.pending->add(request(FaultType::kKillTcp, 2000));
  target.pending->add(request(FaultType::kShutDownMqtt, 1000));
  shard.advance(999);
  EXPECT_EQ(target.suffered, std::vector<std::string>{});
  shard.advance(1 + TimerWheel::kTickMs);
  EXPECT_EQ(target.suffered, std::vector<std::string>{"ShutDownMqtt"});
  shard.advance(1000);
  EXPECT_EQ(target.suffered, (std::vector<std::string>{"ShutDownMqtt", "KillTcp"}));
}

TEST(PendingFaults, TheTargetMayGoWhileItSuffers) {
  FakeShard shard;
  Target target(shard.timers);
  target.dies = true;
  target.pending->add(request(FaultType::kKillTcp, 100));
  target.pending->add(request(FaultType::kKillTcp, 100));
  shard.advance(1000);
  EXPECT_EQ(target.suffered.size(), 1U) << "nothing is left to break";
}

TEST(PendingFaults, TooManyAreDropped) {
  FakeShard shard;
  Target target(shard.timers);
  for (size_t i = 0; i <= limits::kFaultsPendingPerSessionMax; ++i) {
    target.pending->add(request(FaultType::kKillTcp, 100));
  }
  shard.advance(1000);
  EXPECT_EQ(target.suffered.size(), limits::kFaultsPendingPerSessionMax);
}

}  // namespace
}  // namespace nave::hub
