// Direct methods over AMQP where a transcript would be long: bounds. The conversations themselves are in
// test/golden/amqp/links.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "front/amqp/method_message.h"
#include "unit/front/amqp/transcript.h"

namespace nave::test {
namespace {

const std::string kAttached = R"(C: TOKEN d1
C: ATTACH h=3 receive=/devices/d1/methods/devicebound
S: ATTACH h=3 sender snd=1 rcv=0 max=1048576
C: ATTACH h=2 send=/devices/d1/methods/devicebound
S: ATTACH h=2 receiver snd=1 rcv=0 max=1048576
S: FLOW h=2 credit=1000
)";

std::string request(int i) {
  return "S: TRANSFER h=3 settled corr=uuid:#" + std::to_string(i) + " app.IoThub-methodname=str:m data=null\n";
}

class MethodLinks : public AmqpTranscript {};

TEST_F(MethodLinks, CallsInFlightAreBounded) {
  std::string script = kAttached + "C: FLOW h=3 credit=1000\n";
  std::string ends;
  const int most = static_cast<int>(limits::kMethodsInFlightPerIdentityMax);
  for (int i = 1; i <= most; ++i) {
    script += "CALL d1 m\n" + request(i);
    ends += "CALLER m DeviceConnectionClosedRemotely\n";
  }
  play(script + "CALL d1 m\nCALLER m DeviceMaximumInflightMethodExceeded\n" +
       "C: TRANSFER h=2 settled corr=uuid:#7 app.IoThub-status=int:200\nCALLER m 200 null\nCALL d1 m\n" +
       request(most + 1) + "C: DROP\n" + ends);
}

TEST_F(MethodLinks, CallsThatWaitForCreditAreBoundedInBytes) {
  const std::string large = "\"" + std::string(limits::kMethodPayloadBytesMax - 2, 'x') + "\"";
  std::string script = kAttached + "C: FLOW h=3 credit=1\nCALL d1 m\n" + request(1);
  std::string sent;
  std::string ends = "CALLER m DeviceConnectionClosedRemotely\n";
  const size_t most = limits::kMethodUnsentBytesMax / limits::kMethodPayloadBytesMax - 1;
  for (size_t i = 0; i < most; ++i) {
    script += "CALL d1 m payload=" + large + "\n";
    sent += "S: TRANSFER h=3 settled corr=uuid:#" + std::to_string(i + 2) +
            " app.IoThub-methodname=str:m data=" + large + "\n";
    ends += "CALLER m DeviceConnectionClosedRemotely\n";
  }
  play(script + "CALL d1 m payload=" + large + "\nCALLER m DeviceMaximumInflightMethodExceeded\n");
  play("C: FLOW h=3 credit=1000 count=1\n" + sent + "C: DROP\n" + ends);
}

TEST_F(MethodLinks, APeerThatDoesNotReadIsNotFilledUp) {
  const std::string large = "\"" + std::string(limits::kMethodPayloadBytesMax - 2, 'x') + "\"";
  play(kAttached + "C: FLOW h=3 credit=1000\n");
  transport("")->stalled = true;
  for (int i = 0; i < 20; ++i) play("CALL d1 m timeout=10 payload=" + large + "\n", false);
  EXPECT_LT(transport("")->unsent, limits::kUnsentBytesHigh + 2 * limits::kMethodPayloadBytesMax);
  EXPECT_GT(transport("")->unsent, limits::kUnsentBytesHigh);
  std::string sent;
  for (int i = 1; i <= 20; ++i) {
    sent +=
        "S: TRANSFER h=3 settled corr=uuid:#" + std::to_string(i) + " app.IoThub-methodname=str:m data=" + large + "\n";
  }
  for (int i = 0; i < 3; ++i) transport("")->drain();
  play(sent + "WAIT 11000\n", false);
}

TEST(MethodMessage, TheLimitsOfAStatus) {
  FrameText text;
  const auto status = [&](const std::string& value) -> std::optional<int32_t> {
    const auto response = front::amqp::read_method_response(
        text.message(LineWords("TRANSFER corr=uuid:0d3f5c1e-8a4b-4c6d-9e2f-1a2b3c4d5e6f app.IoThub-status=" + value)));
    if (!response) return std::nullopt;
    return response->status;
  };
  EXPECT_EQ(status("long:2147483647"), 2147483647);
  EXPECT_EQ(status("long:2147483648"), std::nullopt);
  EXPECT_EQ(status("long:-2147483648"), -2147483647 - 1);
  EXPECT_EQ(status("str:-2147483648"), -2147483647 - 1);
  EXPECT_EQ(status("str:2147483648"), std::nullopt);
  EXPECT_EQ(status("str:"), std::nullopt);
  EXPECT_EQ(status("str:1x"), std::nullopt);
  EXPECT_EQ(status("bool:true"), std::nullopt);
  EXPECT_EQ(status("ubyte:200"), 200);
}

}  // namespace
}  // namespace nave::test
