// What counts as a request for a fault, and what does not.
#include "hub/fault/request.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"

namespace nave::hub {
namespace {

using Properties = std::vector<std::pair<std::string_view, std::string_view>>;

auto parse(const Properties& properties) {
  EventView message;
  for (const auto& [name, value] : properties) message.application.push_back({name, value});
  return parse_fault_request(message);
}

constexpr std::string_view kType = "AzIoTHub_FaultOperationType";
constexpr std::string_view kReason = "AzIoTHub_FaultOperationCloseReason";
constexpr std::string_view kDelay = "AzIoTHub_FaultOperationDelayInSecs";
constexpr std::string_view kDuration = "AzIoTHub_FaultOperationDurationInSecs";

TEST(FaultRequest, EveryTypeOfTheReference) {
  for (const std::string_view name :
       {"KillTcp", "ShutDownMqtt", "ShutDownAmqp", "KillAmqpConnection", "KillAmqpSession", "KillAmqpCBSLinkReq",
        "KillAmqpCBSLinkResp", "KillAmqpD2CLink", "KillAmqpC2DLink", "KillAmqpTwinLinkReq", "KillAmqpTwinLinkResp",
        "KillAmqpMethodReqLink", "KillAmqpMethodRespLink", "InvokeThrottling", "InvokeMaxMessageQuota",
        "InvokeAuthError"}) {
    const auto request = parse({{kType, name}, {kDuration, "5"}});
    ASSERT_TRUE(request && *request) << name;
    EXPECT_EQ(text((*request)->type), name);
    EXPECT_EQ(is_lasting((*request)->type), name.starts_with("Invoke"));
  }
}

TEST(FaultRequest, AllOfIt) {
  const auto request =
      parse({{"other", "x"}, {kReason, "byebye"}, {kDelay, "2"}, {kDuration, "20"}, {kType, "KillTcp"}});
  ASSERT_TRUE(request && *request);
  EXPECT_EQ((*request)->reason, "byebye");
  EXPECT_EQ((*request)->delay_ms, 2000);
  EXPECT_EQ((*request)->duration_ms, 20'000);
}

TEST(FaultRequest, OtherMessagesAskForNothing) {
  const auto request = parse({{"a", "b"}, {kDelay, "1"}, {"aziothub_faultoperationtype", "KillTcp"}});
  ASSERT_TRUE(request);
  EXPECT_FALSE(*request);
}

TEST(FaultRequest, NoDelayIsNone) {
  const auto request = parse({{kType, "KillTcp"}});
  ASSERT_TRUE(request && *request);
  EXPECT_EQ((*request)->delay_ms, 0);
  EXPECT_EQ((*request)->reason, "");
}

TEST(FaultRequest, TimesAreBounded) {
  EXPECT_TRUE(parse({{kType, "InvokeThrottling"}, {kDelay, "3600"}, {kDuration, "3600"}}));
  EXPECT_FALSE(parse({{kType, "InvokeThrottling"}, {kDelay, "3601"}, {kDuration, "1"}}));
  EXPECT_FALSE(parse({{kType, "InvokeThrottling"}, {kDuration, "3601"}}));
  for (const std::string_view bad : {"", "-1", "1.5", "x", "5s", "99999999999999999999"}) {
    EXPECT_FALSE(parse({{kType, "KillTcp"}, {kDelay, bad}})) << bad;
    EXPECT_FALSE(parse({{kType, "InvokeAuthError"}, {kDuration, bad}})) << bad;
  }
}

TEST(FaultRequest, ALastingFaultNeedsADuration) {
  EXPECT_FALSE(parse({{kType, "InvokeThrottling"}}));
  EXPECT_FALSE(parse({{kType, "InvokeThrottling"}, {kDuration, "0"}}));
}

TEST(FaultRequest, UnknownTypesAreNotGuessed) {
  for (const std::string_view bad : {"", "killtcp", "KillEverything"}) EXPECT_FALSE(parse({{kType, bad}})) << bad;
}

TEST(FaultRequest, TheReasonIsCut) {
  const std::string reason(limits::kFaultReasonBytesMax + 1, 'r');
  const auto request = parse({{kType, "KillTcp"}, {kReason, reason}});
  ASSERT_TRUE(request && *request);
  EXPECT_EQ((*request)->reason.size(), limits::kFaultReasonBytesMax);
}

}  // namespace
}  // namespace nave::hub
