// Twins over AMQP where a transcript would be long: credit, bounds, connections that go. The conversations themselves
// are in test/golden/amqp/links.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "unit/front/amqp/transcript.h"

namespace nave::test {
namespace {

const std::string kAttached = R"(C: TOKEN d1
C: ATTACH h=2 send=/devices/d1/twin
S: ATTACH h=2 receiver snd=1 rcv=0 max=1048576
S: FLOW h=2 credit=1000
C: ATTACH h=3 receive=/devices/d1/twin
S: ATTACH h=3 sender snd=1 rcv=0 max=1048576
)";
const std::string kSubscribe =
    "C: TRANSFER h=2 settled corr=str:put an.operation=str:PUT "
    "an.resource=str:/notifications/twin/properties/desired\n";
const std::string kGet = "C: TRANSFER h=2 settled corr=str:get an.operation=str:GET\n";

std::string change(int i) {
  return "S: TRANSFER h=3 settled an.resource=str:/properties/desired data={\"a\":" + std::to_string(i) +
         ",\"$version\":" + std::to_string(i + 1) + "}\n";
}
std::string desire(int i) {
  return "DESIRE d1 {\"a\":" + std::to_string(i) + "}\n";
}

class TwinLinks : public AmqpTranscript {};

TEST_F(TwinLinks, WithoutCreditAnswersAndChangesWait) {
  play(kAttached + kGet + kSubscribe + desire(1) + desire(2) + "C: FLOW h=3 credit=10\n" +
       "S: TRANSFER h=3 settled corr=str:get an.status=int:200 "
       "data={\"desired\":{\"$version\":1},\"reported\":{\"$version\":1}}\n" +
       "S: TRANSFER h=3 settled corr=str:put an.status=int:200\n" + change(1) + change(2));
}

TEST_F(TwinLinks, ChangesThatWaitAreNotSentAfterADocumentThatHasThem) {
  play(kAttached + kSubscribe + desire(1) + kGet + desire(2) + "C: FLOW h=3 credit=10\n" +
       "S: TRANSFER h=3 settled corr=str:put an.status=int:200\n" +
       "S: TRANSFER h=3 settled corr=str:get an.status=int:200 "
       "data={\"desired\":{\"a\":1,\"$version\":2},\"reported\":{\"$version\":1}}\n" +
       change(2));
}

TEST_F(TwinLinks, TooManyChangesToHoldBecomeTheWholeSection) {
  std::string script = kAttached + kSubscribe;
  for (int i = 1; i <= 256; ++i) script += desire(i);
  script += "C: FLOW h=3 credit=1000\nS: TRANSFER h=3 settled corr=str:put an.status=int:200\n";
  for (int i = 1; i <= 256; ++i) script += change(i);
  play(script);
  std::string more = "C: FLOW h=3 credit=0 count=257\n";
  for (int i = 257; i <= 513; ++i) more += desire(i);
  play(more + "C: FLOW h=3 credit=1000 count=257\n" + change(513));
}

TEST_F(TwinLinks, LargeChangesAreHeldUpToABound) {
  const auto changes = [](int first, int last) {
    std::string script;
    for (int i = first; i <= last; ++i)
      script += "DESIRE d1 {\"a\":\"" + std::to_string(i) + std::string(4000, 'x') + "\"}\n";
    return script;
  };
  const auto heard = [](int i) {
    return "S: TRANSFER h=3 settled an.resource=str:/properties/desired data={\"a\":\"" + std::to_string(i) +
           std::string(4000, 'x') + "\",\"$version\":" + std::to_string(i + 1) + "}\n";
  };
  std::string script = kAttached + kSubscribe + changes(1, 16) + "C: FLOW h=3 credit=17\n" +
                       "S: TRANSFER h=3 settled corr=str:put an.status=int:200\n";
  for (int i = 1; i <= 16; ++i) script += heard(i);
  play(script + changes(17, 33) + "C: FLOW h=3 credit=17 count=17\n" + heard(33));
}

TEST_F(TwinLinks, NotificationsEndWithTheLink) {
  play(kAttached + "C: FLOW h=3 credit=10\n" + kSubscribe + "S: TRANSFER h=3 settled corr=str:put an.status=int:200\n" +
       "C: DETACH h=3\nS: DETACH h=3\n" + desire(1) +
       "C: ATTACH h=3 receive=/devices/d1/twin name=again\n"
       "S: ATTACH h=3 sender snd=1 rcv=0 max=1048576\nC: FLOW h=3 credit=10\n" +
       desire(2));
}

TEST_F(TwinLinks, RequestsBeyondTheBoundWaitForCredit) {
  play(kAttached + "C: FLOW h=3 credit=5000\n");
  twin_store.held = true;
  constexpr int kCredit = 1000;
  std::string requests;
  std::string answers;
  for (int i = 1; i <= kCredit; ++i) {
    requests += "C: TRANSFER h=2 settled corr=int:" + std::to_string(i) +
                " an.operation=str:PATCH an.resource=str:/properties/reported data={\"a\":1}\n";
    // Credit is there again when the answers are few enough behind, and not before.
    if (i == kCredit - 23) answers += "S: FLOW h=2 credit=1000\n";
    answers += "S: TRANSFER h=3 settled corr=int:" + std::to_string(i) +
               " an.status=int:200 an.version=long:" + std::to_string(i + 1) + "\n";
  }
  play(requests);
  twin_store.release();
  shard.run_until_idle();
  play(answers);
}

TEST_F(TwinLinks, WhoTakesNoAnswersLosesTheLink) {
  play(kAttached);
  std::string script;
  for (size_t i = 0; i < limits::kAmqpQueuedPerLinkMax; ++i) {
    script +=
        "C: TRANSFER h=2 settled corr=str:x an.operation=str:DELETE "
        "an.resource=str:/notifications/twin/properties/desired\n";
    if ((i + 1) % 500 == 0) script += "S: FLOW h=2 credit=1000\n";
  }
  play(script);
  play(
      "C: TRANSFER h=2 settled corr=str:x an.operation=str:DELETE "
      "an.resource=str:/notifications/twin/properties/desired\nS: DETACH h=3 amqp:resource-limit-exceeded\n"
      "C: DETACH h=3\n" +
      kGet + "CONNECTED d1\n");
}

TEST_F(TwinLinks, TheConnectionMayGoBeforeTheAnswer) {
  play(kAttached);
  twin_store.held = true;
  play(
      "C: TRANSFER h=2 settled corr=str:x an.operation=str:PATCH an.resource=str:/properties/reported "
      "data={\"a\":1}\n" +
      kGet + "C: DROP\n");
  twin_store.release();
  shard.run_until_idle();
  play("DISCONNECTED d1\nTWIN d1 {\"a\":1}\n");
}

TEST_F(TwinLinks, ALinkMayGoBeforeTheAnswer) {
  play(kAttached + "C: FLOW h=3 credit=10\n");
  twin_store.held = true;
  play(
      "C: TRANSFER h=2 settled corr=str:x an.operation=str:PATCH an.resource=str:/properties/reported "
      "data={\"a\":1}\nC: DETACH h=2\nS: DETACH h=2\n");
  twin_store.release();
  shard.run_until_idle();
  play("TWIN d1 {\"a\":1}\nCONNECTED d1\n");
}

TEST_F(TwinLinks, TheModelOfALinkIsInTheTwin) {
  play(
      "C: TOKEN d1\nC: ATTACH h=2 send=/devices/d1/twin model=dtmi:com:example:Thermostat;1\n"
      "S: ATTACH h=2 receiver snd=1 rcv=0 max=1048576\nS: FLOW h=2 credit=1000\n");
  EXPECT_EQ(store.load_twin({"d1", ""}).value().value().model_id, "dtmi:com:example:Thermostat;1");
}

TEST_F(TwinLinks, AFaultThatWasAskedForHitsTheLinkThatItNames) {
  hub::FaultInjection faults(shard.clock, metrics);
  services.faults = &faults;
  const auto ask = [](const std::string& type) {
    return "C: TRANSFER h=9 settled app.AzIoTHub_FaultOperationType=str:" + type +
           " app.AzIoTHub_FaultOperationDurationInSecs=str:5 data=x\nDISK\nWAIT 1000\n";
  };
  play(kAttached +
       "C: ATTACH h=9 send=/devices/d1/messages/events\nS: ATTACH h=9 receiver snd=null rcv=null max=1048576\n"
       "S: FLOW h=9 credit=1000\n"
       "C: ATTACH h=4 receive=/devices/d1/methods/devicebound\nS: ATTACH h=4 sender snd=1 rcv=0 max=1048576\n"
       "C: ATTACH h=5 send=/devices/d1/methods/devicebound\nS: ATTACH h=5 receiver snd=1 rcv=0 max=1048576\n"
       "S: FLOW h=5 credit=1000\n"
       "C: ATTACH h=6 receive=/devices/d1/messages/devicebound\nS: ATTACH h=6 sender snd=null rcv=1 max=1048576\n"
       "C: FLOW h=3 credit=10\n" +
       ask("InvokeThrottling") + kGet + "S: ERROR h=3 corr=str:get an.status=int:429 errorCode=429001\nWAIT 6000\n" +
       kGet + "S: TRANSFER h=3 settled corr=str:get an.status=int:200 " +
       "data={\"desired\":{\"$version\":1},\"reported\":{\"$version\":1}}\n" +      //
       ask("KillAmqpTwinLinkReq") + "S: DETACH h=2 amqp:link:detach-forced\n" +     //
       ask("KillAmqpTwinLinkResp") + "S: DETACH h=3 amqp:link:detach-forced\n" +    //
       ask("KillAmqpMethodReqLink") + "S: DETACH h=4 amqp:link:detach-forced\n" +   //
       ask("KillAmqpMethodRespLink") + "S: DETACH h=5 amqp:link:detach-forced\n" +  //
       ask("KillAmqpC2DLink") + "S: DETACH h=6 amqp:link:detach-forced\nCONNECTED d1\n");
}

}  // namespace
}  // namespace nave::test
