// Messages to devices and feedback over AMQP where a transcript would be long: disks that are slow or fail, bounds,
// connections that go. The conversations themselves are in test/golden/amqp/links.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "unit/front/amqp/transcript.h"

namespace nave::test {
namespace {

const std::string kBackEnd = R"(C: POLICY service
C: ATTACH h=2 send=/messages/devicebound
S: ATTACH h=2 receiver snd=null rcv=null max=1048576
S: FLOW h=2 credit=1000
)";
const std::string kDevice = R"(C2: TOKEN d1
C2: ATTACH h=2 receive=/devices/d1/messages/devicebound
S2: ATTACH h=2 sender snd=null rcv=1 max=1048576
C2: FLOW h=2 credit=1000
)";
const std::string kSend = "C: TRANSFER h=2 to=/devices/d1/messages/devicebound ";

std::string received(int id, int sequence, const std::string& data, int abandoned = 0) {
  return "S2: TRANSFER h=2 unsettled=" + std::to_string(id) +
         " to=/devices/d1/messages/devicebound an.iothub-enqueuedtime=ts:1786784856000 an.iothub-deliverycount=ubyte:" +
         std::to_string(abandoned) + " an.x-opt-sequence-number=ulong:" + std::to_string(sequence) +
         " an.x-opt-lock-token=(tag) data=" + data + "\n";
}

class C2dLinks : public AmqpTranscript {
 protected:
  void commit_one(bool ok = true) {
    ASSERT_FALSE(commands.writes.empty());
    commands.commit_one(ok);
    shard.run_until_idle();
  }
};

TEST_F(C2dLinks, AcceptedWhenDurableAndNotBefore) {
  commands.slow = true;
  play(kDevice + kBackEnd + kSend + "data=one\n" + kSend + "data=two\n");
  commit_one();
  play("S: DISPOSITION 1 accepted\n" + received(1, 1, "one"));
  commit_one(false);
  play("S: DISPOSITION 2 rejected amqp:internal-error\n");
}

TEST_F(C2dLinks, TheConnectionMayGoBeforeTheDisk) {
  commands.slow = true;
  play(kBackEnd + kSend + "data=one\n" + kSend + "data=two\n" + "C: DETACH h=2\nS: DETACH h=2\n");
  commit_one();
  play("C: DROP\n");
  commit_one();
  play("DEPTH d1 2\n");
}

TEST_F(C2dLinks, TheLimitAndOnePast) {
  const size_t to = std::string("/devices/d1/messages/devicebound").size();
  const std::string most(limits::kC2dMessageBytesMax - to, 'x');
  play(kBackEnd + kSend + "data=" + most + "\nS: DISPOSITION 1 accepted\n" + kSend + "data=" + most +
       "x\nS: DISPOSITION 2 rejected amqp:link:message-size-exceeded\n" + kDevice + received(1, 1, most));
}

TEST_F(C2dLinks, FiftyMessagesWaitAndNoMore) {
  std::string script = kBackEnd;
  for (int i = 1; i <= 50; ++i) script += kSend + "data=x\nS: DISPOSITION " + std::to_string(i) + " accepted\n";
  script += kSend + "data=x\nS: DISPOSITION 51 rejected amqp:resource-limit-exceeded\nDEPTH d1 50\n" + kDevice;
  for (int i = 1; i <= 50; ++i) script += received(i, i, "x");
  // Locked messages count; completed ones do not.
  play(script + kSend + "data=x\nS: DISPOSITION 52 rejected amqp:resource-limit-exceeded\n" +
       "C2: DISPOSITION id=1 accepted\n" + kSend + "data=y\nS: DISPOSITION 53 accepted\n" + received(51, 51, "y"));
}

TEST_F(C2dLinks, TheSecondStepComesWhenTheDiskHasIt) {
  play("QUEUE d1 data=a\nQUEUE d1 data=b\n" + kDevice + received(1, 1, "a") + received(2, 2, "b"));
  commands.slow = true;
  play("C2: DISPOSITION id=1 unsettled accepted\nC2: DISPOSITION id=2 unsettled accepted\n");
  commit_one();
  play("S2: DISPOSITION 1 sender accepted\n");
  commit_one(false);
  play("S2: DISPOSITION 2 sender rejected amqp:internal-error\nDEPTH d1 1\n");
  commands.slow = false;
  play("WAIT 61000\n" + received(3, 2, "b"));
}

TEST_F(C2dLinks, TheReceiverMayGoBeforeTheDisk) {
  play("QUEUE d1 data=a\n" + kDevice + received(1, 1, "a"));
  commands.slow = true;
  play("C2: DISPOSITION id=1 unsettled accepted\nC2: DROP\nDISCONNECTED d1\n");
  commit_one();
  play("DEPTH d1 0\n");
}

TEST_F(C2dLinks, ADeviceThatDoesNotReadIsNotFilledUp) {
  const std::string large(60'000, 'x');
  std::string script;
  std::string all;
  for (int i = 1; i <= 40; ++i) {
    script += "QUEUE d1 data=" + large + "\n";
    all += received(i, i, large);
  }
  play(script +
       "C2: TOKEN d1\nC2: ATTACH h=2 receive=/devices/d1/messages/devicebound\n"
       "S2: ATTACH h=2 sender snd=null rcv=1 max=1048576\n");
  transport("2")->stalled = true;
  play("C2: FLOW h=2 credit=1000\n", false);
  EXPECT_GT(transport("2")->unsent, limits::kUnsentBytesHigh);
  EXPECT_LT(transport("2")->unsent, limits::kUnsentBytesHigh + 2 * large.size());
  for (int i = 0; i < 4; ++i) transport("2")->drain();
  play(all);
}

TEST_F(C2dLinks, ADrainGivesWhatThereIs) {
  play(
      "QUEUE d1 data=a\nC2: TOKEN d1\nC2: ATTACH h=2 receive=/devices/d1/messages/devicebound\n"
      "S2: ATTACH h=2 sender snd=null rcv=1 max=1048576\nC2: FLOW h=2 credit=10 drain\n" +
      received(1, 1, "a") + "S2: FLOW h=2 credit=0\nQUEUE d1 data=b\nC2: FLOW h=2 credit=1 count=10\n" +
      received(2, 2, "b"));
}

TEST_F(C2dLinks, ReadingPausesWhileTooMuchIsOnItsWay) {
  commands.slow = true;
  play(kBackEnd);
  const std::string large(limits::kC2dMessageBytesMax - 100, 'x');
  size_t sent = 0;
  // Only 50 of them are taken; what is refused at once does not count.
  std::string script;
  while (!transport("")->paused && sent < 50) {
    play(kSend + "data=" + large + "\n", false);
    ++sent;
  }
  EXPECT_FALSE(transport("")->paused);
  for (const char* device : {"d2", "d1/modules/m1"}) {
    for (int i = 0; i < 50 && !transport("")->paused; ++i) {
      play("C: TRANSFER h=2 to=/devices/" + std::string(device) + "/messages/devicebound data=" + large + "\n", false);
      ++sent;
    }
  }
  EXPECT_EQ(sent, limits::kAmqpInflightBytesMax / limits::kC2dMessageBytesMax + 1);
  while (!commands.writes.empty()) commit_one();
  EXPECT_FALSE(transport("")->paused);
}

TEST_F(C2dLinks, TenThousandLinksOfOneConnection) {
  constexpr uint32_t kLinks = 10'000;
  DeviceClient client(dial());
  ASSERT_EQ(client.put(token_of({"d1", "m1"})), 200);
  ASSERT_EQ(client.put(token_of({"d2", ""})), 200);
  const std::string address = "/devices/d1/modules/m1/messages/";
  for (uint32_t h = 2; h < kLinks; ++h) {
    const std::string name = "link-" + std::to_string(h);
    client.amqp.attach(0, h % 2 == 0 ? AmqpClient::sender(h, name, address + "events")
                                     : AmqpClient::receiver(h, name, address + (h == 3 ? "devicebound" : "events")));
  }
  ASSERT_EQ(client.attach(kLinks, "/devices/d2/messages/events"), "");
  client.amqp.credit(0, 3, 10);
  client.amqp.forget();
  // The one link that it is for gets it.
  play("QUEUE d1/m1 data=x\n");
  const auto message = client.amqp.take_message();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->handle, 3U);
  // All of them go, and the other device's stays.
  directory.end({"d1", "m1"}, hub::EndReason::kIdentityDeleted);
  shard.run_until_idle();
  uint32_t detached = 0;
  while (client.detached() == "amqp:not-found") ++detached;
  EXPECT_EQ(detached, kLinks - 2);
  EXPECT_TRUE(connected({"d2", ""}));
  EXPECT_FALSE(connected({"d1", "m1"}));
}

// --- feedback

constexpr const char* kRecord =
    R"([{"originalMessageId":"m","enqueuedTimeUtc":"2026-08-15T09:07:36.0000000Z","statusCode":"Success",)"
    R"("description":"Success","deviceId":"d2","deviceGenerationId":"637375045610235418"}])";

std::string feedback_link(const std::string& client) {
  return "C" + client + ": POLICY service\nC" + client + ": ATTACH h=3 receive=/messages/servicebound/feedback\nS" +
         client + ": ATTACH h=3 sender snd=null rcv=null max=1048576\nC" + client + ": FLOW h=3 credit=10\n";
}
std::string batch(const std::string& client, int id) {
  return "S" + client + ": TRANSFER h=3 unsettled=" + std::to_string(id) +
         " user=hub type=application/vnd.microsoft.iothub.feedback.json an.iothub-enqueuedtime=ts:1786784856000 data=" +
         kRecord + "\n";
}
const std::string kCompleted = R"(QUEUE d2 id=str:m app.iothub-ack=str:positive data=x
C9: TOKEN d2
C9: ATTACH h=2 receive=/devices/d2/messages/devicebound
S9: ATTACH h=2 sender snd=null rcv=1 max=1048576
C9: FLOW h=2 credit=1
S9: TRANSFER h=2 unsettled=1 id=str:m to=/devices/d2/messages/devicebound an.iothub-enqueuedtime=ts:1786784856000 an.iothub-deliverycount=ubyte:0 an.x-opt-sequence-number=ulong:1 an.x-opt-lock-token=(tag) app.iothub-ack=str:positive data=x
C9: DISPOSITION id=1 accepted
)";

TEST_F(C2dLinks, FeedbackGoesToOneReceiverAndToTheNextWhenThatIsGone) {
  play(feedback_link("3") + feedback_link("4") + kCompleted + "WAIT 15000\n" + batch("3", 1) + "C3: DROP\n" +
       batch("4", 1) + "C4: DISPOSITION id=1 accepted\nWAIT 90000\n" + feedback_link("5") + "WAIT 30000\n");
}

TEST_F(C2dLinks, AReceiverOfFeedbackMayGoWhileItWaits) {
  play(feedback_link("3") + feedback_link("4") + "C3: DETACH h=3\nS3: DETACH h=3\nC4: DROP\n" + kCompleted +
       "WAIT 15000\n" + feedback_link("5") + batch("5", 1));
}

TEST_F(C2dLinks, FeedbackWaitsForCredit) {
  play(kCompleted +
       "WAIT 15000\nC3: POLICY service\nC3: ATTACH h=3 receive=/messages/servicebound/feedback\n"
       "S3: ATTACH h=3 sender snd=null rcv=null max=1048576\nWAIT 15000\nC3: FLOW h=3 credit=1\n" +
       batch("3", 1) + "C3: DISPOSITION id=1 rejected\nWAIT 90000\n");
}

}  // namespace
}  // namespace nave::test
