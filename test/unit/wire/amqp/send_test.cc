// Deliveries to the peer: credit, windows, splitting, outcomes, drain (reference/amqp.md §1 R7, R8, R13, R16, §4.2).
#include <gtest/gtest.h>

#include "harness.h"

namespace nave::wire::amqp {
namespace {

using namespace test;

TEST(Send, OneFrame) {
  Harness h;
  h.open();
  Link& link = h.peer_receiver("r", 3, 2);
  EXPECT_EQ(h.listener.sendable, std::vector<std::string>{"r"});
  EXPECT_TRUE(link.can_send());
  EXPECT_TRUE(link.send("hello", {.tag = "t1", .message_format = kBatchFormat}));
  EXPECT_TRUE(link.send("there", {.tag = "t2", .settled = true}));
  EXPECT_FALSE(link.can_send());
  const auto seen = h.output();
  ASSERT_EQ(codes(seen), (std::vector<Code>{Code::kTransfer, Code::kTransfer}));
  EXPECT_EQ(seen[0].num(0), 3u);
  EXPECT_EQ(seen[0].num(1), 0u);  // R8: from 0
  EXPECT_EQ(seen[0].fields[2].as_binary(), "t1");
  EXPECT_EQ(seen[0].num(3), kBatchFormat);
  EXPECT_TRUE(seen[0].null(4));
  EXPECT_EQ(seen[0].fields[5].as_bool(), false);
  EXPECT_EQ(seen[0].payload, "hello");
  EXPECT_EQ(seen[1].num(1), 1u);
  EXPECT_EQ(seen[1].fields[4].as_bool(), true);
  EXPECT_EQ(link.unsettled(), 1u);
}

TEST(Send, EmptyMessagesAndTagsUpToTheLimit) {
  Harness h;
  h.open();
  Link& link = h.peer_receiver("r", 0, 10);
  EXPECT_TRUE(link.send("", {.tag = ByteView{}}));
  EXPECT_TRUE(link.send("", {.tag = std::string(limits::kAmqpDeliveryTagBytesMax, 't')}));
  EXPECT_FALSE(link.send("", {.tag = std::string(limits::kAmqpDeliveryTagBytesMax + 1, 't')}));
  EXPECT_EQ(h.output().size(), 2u);
}

// Java device SDK: 4096.
TEST(Send, SplitsAtThePeersFrameSize) {
  for (const uint32_t max_frame : {512u, 4096u, 65536u, UINT32_MAX}) {
    Harness h;
    h.open(max_frame);
    Link& link = h.peer_receiver("r", 0, 10);
    const uint32_t effective = std::min(max_frame, 65536u);
    std::string message;
    for (int i = 0; message.size() < 200'000; ++i) message += std::to_string(i);
    EXPECT_TRUE(link.send(message, {.tag = std::string(16, 't')}));
    EXPECT_TRUE(link.send("next", {.tag = "u"}));
    const auto seen = h.output();
    ASSERT_GT(seen.size(), 2u);
    std::string joined;
    for (size_t i = 0; i + 1 < seen.size(); ++i) {
      const bool last = i + 2 == seen.size();
      EXPECT_LE(seen[i].bytes.size(), effective);
      EXPECT_EQ(seen[i].bytes.size() == effective, !last);  // full frames
      EXPECT_EQ(seen[i].fields[5].as_bool(), !last);
      EXPECT_EQ(seen[i].null(1), i > 0);  // R7
      EXPECT_EQ(seen[i].null(2), i > 0);
      EXPECT_EQ(seen[i].null(3), i > 0);
      joined += seen[i].payload;
    }
    EXPECT_EQ(joined, message);
    EXPECT_EQ(seen.back().num(1), 1u);
    EXPECT_EQ(seen.back().payload, "next");
  }
}

TEST(Send, AMessageThatFitsExactlyIsOneFrame) {
  Harness h;
  h.open(512);
  Link& link = h.peer_receiver("r", 0, 10);
  EXPECT_TRUE(link.send("", {.tag = "t"}));
  const size_t room = 512 - h.output().at(0).bytes.size();
  EXPECT_TRUE(link.send(std::string(room - 1, 'x'), {.tag = "t"}));  // delivery-id 1 takes a byte more than 0
  EXPECT_EQ(h.output().size(), 1u);
  EXPECT_TRUE(link.send(std::string(room, 'x'), {.tag = "t"}));
  EXPECT_EQ(h.output().size(), 2u);
}

TEST(Send, FrameSizesBelowTheStandardsMinimumAreRaised) {
  Harness h;
  h.open(1);
  Link& link = h.peer_receiver("r", 0, 10);
  EXPECT_TRUE(link.send(std::string(400, 'x'), {.tag = "t"}));
  EXPECT_EQ(h.output().size(), 1u);
}

// EH Java gives one credit per request: replies wait.
TEST(Send, QueuesUntilThereIsCreditAndKeepsOrder) {
  Harness h;
  h.open();
  h.attach(receiver("r", 0));
  Link& link = *h.link("r");
  const auto a = link.send("a", {.tag = "1"});
  const auto b = link.send("b", {.tag = "2"});
  const auto c = link.send("c", {.tag = "3"});
  ASSERT_TRUE(a && b && c);
  EXPECT_NE(*a, *b);
  EXPECT_TRUE(h.output().empty());
  EXPECT_EQ(link.queued(), 3u);
  auto seen = h.feed(frame_of(credit(0, 0, 1)));
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].payload, "a");
  EXPECT_FALSE(link.can_send());
  seen = h.feed(frame_of(credit(0, 1, 5)));
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[1].payload, "c");
  EXPECT_EQ(link.credit(), 3u);
  h.feed(disposition_frame(Role::kReceiver, 1, std::nullopt, true, Accepted{}));
  ASSERT_EQ(h.listener.outcomes.size(), 1u);
  EXPECT_EQ(h.listener.outcomes[0].delivery, *b);
}

TEST(Send, TheQueueIsBounded) {
  Harness h;
  h.open();
  h.attach(receiver("r", 0));
  Link& link = *h.link("r");
  for (size_t i = 0; i < limits::kAmqpQueuedPerLinkMax; ++i) ASSERT_TRUE(link.send("m", {.tag = "t"}));
  EXPECT_FALSE(link.send("m", {.tag = "t"}));
  h.attach(receiver("q", 1));
  Link& other = *h.link("q");
  EXPECT_TRUE(other.send(std::string(limits::kAmqpQueuedBytesPerLinkMax, 'x'), {.tag = "t"}));
  EXPECT_FALSE(other.send("x", {.tag = "t"}));
}

TEST(Send, UnsettledDeliveriesAreBounded) {
  Harness h;
  h.open();
  Link& link = h.peer_receiver("r", 0, 1'000'000);
  h.listener.sendable.clear();
  for (size_t i = 0; i < limits::kAmqpUnsettledPerLinkMax; ++i) ASSERT_TRUE(link.send("m", {.tag = "t"}));
  EXPECT_FALSE(link.can_send());
  EXPECT_FALSE(link.send("m", {.tag = "t"}));
  h.feed(disposition_frame(Role::kReceiver, 0, 0, true, Accepted{}));
  EXPECT_TRUE(link.can_send());
  EXPECT_EQ(h.listener.sendable, std::vector<std::string>{"r"});
}

TEST(Send, CreditCountsFromTheDeliveryCountThatThePeerHadSeen) {
  Harness h;
  h.open();
  Link& link = h.peer_receiver("r", 0, 5);
  for (int i = 0; i < 3; ++i) link.send("m", {.tag = "t"});
  h.feed(frame_of(credit(0, 1, 5)));  // it has seen one: five from there
  EXPECT_EQ(link.credit(), 3u);
  h.feed(frame_of(credit(0, 0, 2)));  // fewer than are under way
  EXPECT_EQ(link.credit(), 0u);
  h.feed(frame_of(credit(0, 3, UINT32_MAX)));
  EXPECT_EQ(link.credit(), UINT32_MAX);
}

// --- session window

TEST(Window, FramesWaitForItAndGoOnInTheMiddleOfAMessage) {
  Harness h;
  h.open(512, 3);
  h.attach(receiver("r", 0));
  Flow flow = credit(0, 0, 10);
  flow.next_incoming_id = 1;
  flow.incoming_window = 3;
  h.feed(frame_of(flow));
  Link& link = *h.link("r");
  const std::string message(2000, 'x');  // five frames
  EXPECT_TRUE(link.send(message, {.tag = "t"}));
  EXPECT_EQ(h.output().size(), 3u);
  EXPECT_FALSE(link.can_send());
  EXPECT_EQ(link.credit(), 9u);
  EXPECT_TRUE(link.send("second", {.tag = "u"}));
  h.listener.sendable.clear();
  auto seen = h.feed(frame_of(session_window(4, 1)));
  EXPECT_EQ(seen.size(), 1u);
  EXPECT_TRUE(h.listener.sendable.empty());
  seen = h.feed(frame_of(session_window(4, 10)));  // id not advanced: one of the ten is under way
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_TRUE(seen[0].null(1));
  EXPECT_EQ(seen[0].fields[5].as_bool(), false);
  EXPECT_EQ(seen[1].num(1), 1u);
  EXPECT_EQ(seen[1].payload, "second");
  EXPECT_EQ(h.listener.sendable, std::vector<std::string>{"r"});
}

TEST(Window, LinksTakeTurns) {
  Harness h;
  h.open(512, 0);
  h.attach(receiver("a", 0));
  h.attach(receiver("b", 1));
  for (const uint32_t handle : {0u, 1u}) {
    Flow flow = credit(handle, 0, 10);
    flow.incoming_window = 0;
    h.feed(frame_of(flow));
  }
  h.link("a")->send("A", {.tag = "t"});
  h.link("b")->send("B", {.tag = "t"});
  EXPECT_TRUE(h.output().empty());
  EXPECT_EQ(h.feed(frame_of(session_window(1, 1))).at(0).payload, "A");
  EXPECT_EQ(h.feed(frame_of(session_window(2, 1))).at(0).payload, "B");
}

TEST(Window, APeerThatCountsMoreThanWasSentIsBelieved) {
  Harness h;
  h.open(65536, 0);
  h.attach(receiver("r", 0));
  Flow flow = credit(0, 0, 10);
  flow.next_incoming_id = 500;
  flow.incoming_window = 2;
  h.feed(frame_of(flow));
  EXPECT_TRUE(h.link("r")->send("m", {.tag = "t"}));
  EXPECT_EQ(h.output().size(), 1u);
}

TEST(Window, OurFlowsCountTheFramesThatWeSent) {
  Harness h;
  h.open(512);
  Link& link = h.peer_receiver("r", 0, 10);
  link.send(std::string(900, 'x'), {.tag = "t"});
  const size_t frames = h.output().size();
  Flow ask = session_window(1, 100);
  ask.echo = true;
  EXPECT_EQ(h.feed(frame_of(ask)).at(0).num(2), 1 + frames);  // R8: transfer ids begin at 1
}

// --- drain

TEST(Drain, UnusedCreditIsGivenUp) {
  Harness h;
  h.open();
  h.attach(receiver("r", 0));
  h.listener.sendable_hook = [](Link& link) { link.send("available", {.tag = "t"}); };
  const auto seen = h.feed(frame_of(credit(0, 0, 5, true)));
  ASSERT_EQ(codes(seen), (std::vector<Code>{Code::kTransfer, Code::kFlow}));
  EXPECT_EQ(seen[1].num(5), 5u);
  EXPECT_EQ(seen[1].num(6), 0u);
  EXPECT_TRUE(seen[1].flag(8));
  EXPECT_EQ(h.link("r")->credit(), 0u);
}

TEST(Drain, WithEchoIsOneFlow) {
  Harness h;
  h.open();
  h.attach(receiver("r", 0));
  EXPECT_EQ(codes(h.feed(frame_of(credit(0, 0, 5, true, true)))), std::vector<Code>{Code::kFlow});
}

TEST(Drain, WithMoreQueuedThanCreditEndsAtZero) {
  Harness h;
  h.open();
  h.attach(receiver("r", 0));
  Link& link = *h.link("r");
  for (int i = 0; i < 3; ++i) link.send("m", {.tag = "t"});
  const auto seen = h.feed(frame_of(credit(0, 0, 2, true)));
  ASSERT_EQ(codes(seen), (std::vector<Code>{Code::kTransfer, Code::kTransfer, Code::kFlow}));
  EXPECT_EQ(seen[2].num(5), 2u);
  EXPECT_EQ(link.queued(), 1u);
}

TEST(Drain, WaitsForTheSessionWindow) {
  Harness h;
  h.open(65536, 0);
  h.attach(receiver("r", 0));
  h.link("r")->send("m", {.tag = "t"});
  Flow flow = credit(0, 0, 2, true);
  flow.incoming_window = 0;
  EXPECT_TRUE(h.feed(frame_of(flow)).empty());
  const auto seen = h.feed(frame_of(session_window(1, 5)));
  ASSERT_EQ(codes(seen), (std::vector<Code>{Code::kTransfer, Code::kFlow}));
  EXPECT_EQ(seen[1].num(5), 2u);
  EXPECT_TRUE(seen[1].flag(8));
}

// --- outcomes

class Outcomes : public ::testing::Test {
 protected:
  void SetUp() override {
    h_.open();
    link_ = &h_.peer_receiver("r", 0, 100);
    for (int i = 0; i < 5; ++i) numbers_.push_back(*link_->send("m", {.tag = "t"}));
    h_.output();
  }
  std::vector<Seen> settle(uint32_t first, std::optional<uint32_t> last, const Outcome& outcome, bool settled = true) {
    return h_.feed(disposition_frame(Role::kReceiver, first, last, settled, outcome));
  }
  Harness h_;
  Link* link_ = nullptr;
  std::vector<uint64_t> numbers_;
};

TEST_F(Outcomes, RangesAreReportedInOrderOnce) {
  EXPECT_TRUE(settle(1, 3, Accepted{}).empty());
  ASSERT_EQ(h_.listener.outcomes.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(h_.listener.outcomes[i].delivery, numbers_[i + 1]);
    EXPECT_TRUE(std::holds_alternative<Accepted>(h_.listener.outcomes[i].outcome));
    EXPECT_TRUE(h_.listener.outcomes[i].settled);
  }
  settle(1, 3, Accepted{});
  EXPECT_EQ(h_.listener.outcomes.size(), 3u);
  settle(0, UINT32_MAX / 2, Released{});  // far wider than what is there
  EXPECT_EQ(h_.listener.outcomes.size(), 5u);
  EXPECT_EQ(link_->unsettled(), 0u);
}

TEST_F(Outcomes, RangesThatGoBackwardsOrNowhereMeanNothing) {
  settle(3, 1, Accepted{});
  settle(100, 200, Accepted{});
  EXPECT_TRUE(h_.listener.outcomes.empty());
}

TEST_F(Outcomes, RejectedWithAndWithoutAnError) {
  settle(0, std::nullopt, Rejected{Error{"amqp:not-allowed", "Rejected by application", Value()}});
  EXPECT_EQ(std::get<Rejected>(h_.listener.outcomes.at(0).outcome).error->condition, "amqp:not-allowed");
  // Old Node: the list holds a bare string (§11).
  const std::string body = unhex("005315 c0 16 05 41 5201 5201 41 005325 c0 0b 01 a1 08") + "rejected";
  std::string fixed = body;
  fixed[4] = static_cast<char>(fixed.size() - 5);
  h_.feed(frame(0, fixed));
  ASSERT_EQ(h_.listener.outcomes.size(), 2u);
  EXPECT_FALSE(std::get<Rejected>(h_.listener.outcomes[1].outcome).error);
}

TEST_F(Outcomes, ModifiedAndNoStateAtAll) {
  settle(0, std::nullopt, Modified{true, true, Value()});
  EXPECT_TRUE(std::get<Modified>(h_.listener.outcomes.at(0).outcome).undeliverable_here);
  settle(1, std::nullopt, Outcome{});
  EXPECT_TRUE(std::holds_alternative<std::monostate>(h_.listener.outcomes.at(1).outcome));
}

TEST_F(Outcomes, ReceivedIsNoOutcome) {
  settle(0, std::nullopt, Received{1, 2}, false);
  settle(0, std::nullopt, Outcome{}, false);
  EXPECT_TRUE(h_.listener.outcomes.empty());
}

// C#: rcv-settle-mode second (§4.2).
TEST_F(Outcomes, TwoSteps) {
  EXPECT_TRUE(settle(2, std::nullopt, Accepted{}, false).empty());
  ASSERT_EQ(h_.listener.outcomes.size(), 1u);
  EXPECT_FALSE(h_.listener.outcomes[0].settled);
  EXPECT_EQ(link_->unsettled(), 5u);
  link_->confirm(h_.listener.outcomes[0].wire_id, Accepted{});
  link_->confirm(h_.listener.outcomes[0].wire_id, Accepted{});  // once
  const auto seen = h_.output();
  ASSERT_EQ(codes(seen), std::vector<Code>{Code::kDisposition});
  EXPECT_FALSE(seen[0].flag(0));
  EXPECT_EQ(seen[0].num(1), 2u);
  EXPECT_TRUE(seen[0].flag(3));
  EXPECT_EQ(seen[0].inner_code(4), 0x24u);
  EXPECT_EQ(link_->unsettled(), 4u);
}

TEST_F(Outcomes, ConfirmOnlyTouchesTheOwnLink) {
  Link& other = h_.peer_receiver("q", 1, 5);
  other.confirm(0, Accepted{});
  EXPECT_TRUE(h_.output().empty());
  EXPECT_EQ(link_->unsettled(), 5u);
}

TEST_F(Outcomes, AreForgottenWithTheLink) {
  h_.feed(frame_of(Detach{0, true, {}}));
  settle(0, 4, Accepted{});
  EXPECT_TRUE(h_.listener.outcomes.empty());
  // The next link's deliveries go on counting in the session.
  Link& next = h_.peer_receiver("r", 0, 5);
  next.send("m", {.tag = "t"});
  EXPECT_EQ(h_.output().at(0).num(1), 5u);
}

TEST_F(Outcomes, AListenerMayDetachInTheMiddleOfARange) {
  h_.listener.outcome_hook = [](Link& link, const SentOutcome&) { link.detach(true, std::nullopt); };
  EXPECT_EQ(codes(settle(0, 4, Accepted{})), std::vector<Code>{Code::kDetach});
  EXPECT_EQ(h_.listener.outcomes.size(), 1u);
}

TEST_F(Outcomes, TheSendingRolesDispositionsAreIgnored) {
  EXPECT_TRUE(h_.feed(disposition_frame(Role::kSender, 0, 4, true, Accepted{})).empty());
  EXPECT_TRUE(h_.listener.outcomes.empty());
}

}  // namespace
}  // namespace nave::wire::amqp
