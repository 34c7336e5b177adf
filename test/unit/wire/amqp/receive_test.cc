// Deliveries from the peer: credit, reassembly, settlement (reference/amqp.md §1 R9, R15, R16, §11, §12).
#include <gtest/gtest.h>

#include "harness.h"

namespace nave::wire::amqp {
namespace {

using namespace test;

class Receive : public ::testing::Test {
 protected:
  void SetUp() override {
    h_.open();
    h_.attach(sender("s", 0));
  }
  std::string message(uint32_t id, std::optional<bool> settled = std::nullopt) {
    return frame_of(transfer(0, id, settled), 0, "m" + std::to_string(id));
  }
  Harness h_;
};

TEST_F(Receive, TagFormatAndPayloadArrive) {
  Transfer t = transfer(0, 5);
  t.delivery_tag = ByteView{};  // C# put-token
  t.message_format = kBatchFormat;
  t.settled = true;
  EXPECT_TRUE(h_.feed(frame_of(t, 0, "body")).empty());
  ASSERT_EQ(h_.listener.deliveries.size(), 1u);
  const Got& got = h_.listener.deliveries[0];
  EXPECT_EQ(got.id, 5u);
  EXPECT_EQ(got.tag, "");
  EXPECT_EQ(got.format, kBatchFormat);
  EXPECT_TRUE(got.settled);
  EXPECT_EQ(got.payload, "body");
}

TEST_F(Receive, ConsecutiveAcceptsLeaveAsOneRange) {
  std::string bytes;
  for (uint32_t id = 0; id < 10; ++id) bytes += message(id);
  const auto seen = h_.feed(bytes);
  ASSERT_EQ(codes(seen), std::vector<Code>{Code::kDisposition});
  EXPECT_TRUE(seen[0].flag(0));
  EXPECT_EQ(seen[0].num(1), 0u);
  EXPECT_EQ(seen[0].num(2), 9u);
  EXPECT_TRUE(seen[0].flag(3));  // R9
  EXPECT_EQ(seen[0].inner_code(4), 0x24u);
}

TEST_F(Receive, AGapInTheIdsEndsTheRange) {
  const auto seen = h_.feed(message(0) + message(1) + message(5) + message(6));
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].num(2), 1u);
  EXPECT_EQ(seen[1].num(1), 5u);
  EXPECT_EQ(seen[1].num(2), 6u);
}

TEST_F(Receive, RangesDoNotMixLinksAndWrapAround) {
  h_.attach(sender("t", 1));
  auto seen = h_.feed(message(0) + frame_of(transfer(1, 1)) + message(2));
  EXPECT_EQ(seen.size(), 3u);
  seen = h_.feed(message(UINT32_MAX) + message(0));
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].num(1), UINT32_MAX);
  EXPECT_EQ(seen[0].num(2), 0u);
}

TEST_F(Receive, RejectsAreSingleAndKeepOrder) {
  h_.listener.delivery_hook = [](Link& link, const Delivery& d) {
    if (d.id == 1) {
      link.settle(d.id, Rejected{Error{"amqp:not-found", "device", Value()}});
    } else {
      link.settle(d.id, Accepted{});
    }
  };
  const auto seen = h_.feed(message(0) + message(1) + message(2));
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[1].num(1), 1u);
  EXPECT_TRUE(seen[1].null(2));
  EXPECT_EQ(seen[1].inner_code(4), 0x25u);
  const Value& error = seen[1].inner(4)[0];  // R10: three fields, checked by seen.h
  EXPECT_EQ(error.described_value().elements()[0].as_text(), "amqp:not-found");
}

TEST_F(Receive, ReleasedAndModified) {
  h_.listener.delivery_hook = [](Link& link, const Delivery& d) {
    link.settle(d.id, d.id == 0 ? Outcome(Released{}) : Outcome(Modified{true, false, Value()}));
  };
  const auto seen = h_.feed(message(0) + message(1));
  EXPECT_NE(seen[0].bytes.find(ByteView("\x00\x53\x26\x45", 4)), std::string::npos);
  EXPECT_EQ(seen[1].inner_code(4), 0x27u);
}

TEST_F(Receive, SettlingLaterAndOutOfOrder) {
  h_.listener.settle = false;
  h_.feed(message(0) + message(1) + message(2) + message(3, true));
  Link& link = *h_.link("s");
  EXPECT_EQ(link.unsettled(), 3u);
  link.settle(2, Accepted{});
  link.settle(0, Accepted{});
  link.settle(1, Accepted{});
  const auto seen = h_.output();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].num(1), 2u);
  EXPECT_EQ(seen[1].num(1), 0u);
  EXPECT_EQ(seen[1].num(2), 1u);
  EXPECT_EQ(link.unsettled(), 0u);
}

// §5: the transfer's own flag decides, not the link's mode.
TEST_F(Receive, UnsettledTransfersOfSettledLinksAreSettled) {
  Attach attach = sender("twin", 1);
  attach.snd_settle_mode = SndSettleMode::kSettled;
  h_.attach(attach);
  EXPECT_EQ(codes(h_.feed(frame_of(transfer(1, 0)))), std::vector<Code>{Code::kDisposition});
}

// --- several frames

TEST_F(Receive, ContinuationsMayRepeatOrOmitIdTagAndFormat) {
  for (const bool repeat : {true, false}) {
    const std::optional<uint32_t> id = repeat ? std::optional<uint32_t>(7) : std::nullopt;
    h_.feed(frame_of(transfer(0, 7, std::nullopt, true), 0, "ab") +
            frame_of(transfer(0, id, std::nullopt, true), 0, "") + frame_of(transfer(0, id), 0, "cd"));
    ASSERT_EQ(h_.listener.deliveries.size(), 1u);
    EXPECT_EQ(h_.listener.deliveries[0].payload, "abcd");
    EXPECT_EQ(h_.listener.deliveries[0].tag, "tag");
    h_.listener.deliveries.clear();
  }
}

TEST_F(Receive, LinksInterleave) {
  h_.attach(sender("t", 1));
  h_.feed(frame_of(transfer(0, 0, std::nullopt, true), 0, "a") + frame_of(transfer(1, 1, std::nullopt, true), 0, "x") +
          frame_of(transfer(0, 0), 0, "b") + frame_of(transfer(1, 1), 0, "y"));
  ASSERT_EQ(h_.listener.deliveries.size(), 2u);
  EXPECT_EQ(h_.listener.deliveries[0].payload, "ab");
  EXPECT_EQ(h_.listener.deliveries[1].payload, "xy");
}

TEST_F(Receive, SettledOnTheLastFrameCounts) {
  h_.feed(frame_of(transfer(0, 0, false, true), 0, "a") + frame_of(transfer(0, std::nullopt, true), 0, "b"));
  EXPECT_TRUE(h_.listener.deliveries.at(0).settled);
}

TEST_F(Receive, AbortedDeliveriesAreDroppedButUseCredit) {
  const uint32_t before = 100;
  h_.feed(aborted_frame(0, 1));
  h_.feed(frame_of(transfer(0, 2, std::nullopt, true), 0, "half") + aborted_frame(0, 2));
  EXPECT_TRUE(h_.listener.deliveries.empty());
  Flow ask = session_window(1, 100);
  ask.handle = 0;
  ask.echo = true;
  const auto seen = h_.feed(frame_of(ask));
  EXPECT_EQ(seen.at(0).num(5), 2u);
  EXPECT_EQ(seen.at(0).num(6), before - 2);
  h_.feed(message(3));
  EXPECT_EQ(h_.listener.deliveries.size(), 1u);
}

TEST_F(Receive, AnotherIdInsideADeliveryEndsTheSession) {
  const auto seen = h_.feed(frame_of(transfer(0, 1, std::nullopt, true), 0, "a") + message(2));
  ASSERT_EQ(codes(seen), std::vector<Code>{Code::kEnd});
  EXPECT_EQ(seen[0].condition(0), condition::kInvalidField);
  EXPECT_TRUE(h_.listener.deliveries.empty());
}

TEST_F(Receive, AFirstFrameWithoutIdEndsTheSession) {
  EXPECT_EQ(codes(h_.feed(frame_of(transfer(0, std::nullopt)))), std::vector<Code>{Code::kEnd});
}

// --- limits

TEST(ReceiveLimits, MessageSizeAtAndOnePastTheMaximum) {
  for (const bool split : {false, true}) {
    Harness h;
    h.listener.attach_hook = [](Link& link) {
      AttachReply reply = link.make_reply();
      reply.max_message_size = 100;
      reply.credit = 10;
      link.accept(std::move(reply));
    };
    h.open();
    h.attach(sender("s", 0));
    const auto send = [&](uint32_t id, size_t bytes) {
      if (!split) return h.feed(frame_of(transfer(0, id), 0, std::string(bytes, 'x')));
      return h.feed(frame_of(transfer(0, id, std::nullopt, true), 0, std::string(60, 'x')) +
                    frame_of(transfer(0, std::nullopt), 0, std::string(bytes - 60, 'x')));
    };
    send(0, 100);
    EXPECT_EQ(h.listener.deliveries.size(), 1u);
    const auto seen = send(1, 101);
    ASSERT_EQ(codes(seen), std::vector<Code>{Code::kDetach});
    EXPECT_TRUE(seen[0].flag(1));
    EXPECT_EQ(seen[0].condition(2), condition::kMessageSizeExceeded);
    EXPECT_EQ(h.listener.deliveries.size(), 1u);
    ASSERT_EQ(h.listener.detached.size(), 1u);
    EXPECT_EQ(h.listener.detached[0].second.cause, DetachInfo::Cause::kProtocol);
    EXPECT_TRUE(h.feed(frame_of(transfer(0, 2), 0, "dropped")).empty());
  }
}

TEST(ReceiveLimits, UnfinishedMessagesOfOneConnection) {
  Harness h;
  h.open();
  const std::string part(60'000, 'x');
  const size_t parts_per_link = limits::kAmqpMessageBytesMax / part.size();
  const size_t allowed = limits::kAmqpReassemblyBytesPerConnectionMax / part.size();
  std::vector<Seen> seen;
  size_t taken = 0;
  for (uint32_t handle = 0; seen.empty() && handle < 100; ++handle) {
    h.attach(sender("s" + std::to_string(handle), handle));
    for (size_t i = 0; seen.empty() && i < parts_per_link; ++i) {
      seen = h.feed(frame_of(transfer(handle, handle, std::nullopt, true), 0, part));
      if (seen.empty()) ++taken;
    }
  }
  EXPECT_EQ(taken, allowed);
  ASSERT_EQ(codes(seen), std::vector<Code>{Code::kDetach});
  EXPECT_EQ(seen[0].condition(2), condition::kResourceLimitExceeded);
  // What ended gives its bytes back.
  h.feed(end_frame());
  h.feed(begin_frame() + frame_of(sender("s", 0)));
  EXPECT_TRUE(h.feed(frame_of(transfer(0, 0, std::nullopt, true), 0, part)).empty());
}

TEST(ReceiveLimits, TransfersWithoutCreditDetachTheLink) {
  Harness h;
  h.listener.credit = 2;
  h.listener.settle = false;
  h.open();
  h.attach(sender("s", 0));
  h.link("s")->set_credit_window(0);
  EXPECT_TRUE(h.feed(frame_of(transfer(0, 0)) + frame_of(transfer(0, 1))).empty());
  const auto seen = h.feed(frame_of(transfer(0, 2)));
  ASSERT_EQ(codes(seen), std::vector<Code>{Code::kDetach});
  EXPECT_EQ(seen[0].condition(2), condition::kTransferLimitExceeded);
}

TEST(Credit, IsToppedUpAtHalf) {
  Harness h;
  h.listener.credit = 10;
  h.open();
  h.attach(sender("s", 0));
  std::vector<Seen> flows;
  for (uint32_t id = 0; id < 10; ++id) {
    for (Seen& f : h.feed(frame_of(transfer(0, id, true)))) flows.push_back(std::move(f));
  }
  ASSERT_EQ(codes(flows), (std::vector<Code>{Code::kFlow, Code::kFlow}));
  EXPECT_EQ(flows[0].num(5), 5u);  // delivery-count
  EXPECT_EQ(flows[0].num(6), 10u);
  EXPECT_EQ(flows[0].num(0), 5u);  // next-incoming-id counts frames
  EXPECT_EQ(flows[1].num(5), 10u);
}

TEST(Credit, AWindowOfOneIsRenewedEachTime) {
  Harness h;
  h.listener.credit = 1;
  h.open();
  h.attach(sender("s", 0));
  for (uint32_t id = 0; id < 3; ++id) {
    EXPECT_EQ(codes(h.feed(frame_of(transfer(0, id)))), (std::vector<Code>{Code::kDisposition, Code::kFlow}));
  }
}

TEST(Credit, ZeroPausesAndMoreResumes) {
  Harness h;
  h.listener.credit = 4;
  h.open();
  h.attach(sender("s", 0));
  Link& link = *h.link("s");
  link.set_credit_window(0);
  for (uint32_t id = 0; id < 4; ++id) EXPECT_TRUE(h.feed(frame_of(transfer(0, id, true))).empty());
  link.set_credit_window(4);
  const auto seen = h.output();
  ASSERT_EQ(codes(seen), std::vector<Code>{Code::kFlow});
  EXPECT_EQ(seen[0].num(6), 4u);
}

TEST(Credit, UnsettledDeliveriesCountAgainstTheLimit) {
  Harness h;
  h.listener.credit = limits::kAmqpUnsettledPerLinkMax * 2;
  h.listener.settle = false;
  h.open();
  const auto seen = h.attach(sender("s", 0));
  EXPECT_EQ(seen.at(1).num(6), limits::kAmqpUnsettledPerLinkMax);
  std::string bytes;
  for (uint32_t id = 0; id < limits::kAmqpUnsettledPerLinkMax; ++id) bytes += frame_of(transfer(0, id));
  for (const Seen& f : h.feed(bytes)) EXPECT_TRUE(f.null(4));  // only session flows: no credit was given
  Link& link = *h.link("s");
  EXPECT_EQ(link.unsettled(), limits::kAmqpUnsettledPerLinkMax);
  for (uint32_t id = 0; id < limits::kAmqpUnsettledPerLinkMax / 2 - 1; ++id) link.settle(id, Accepted{});
  EXPECT_EQ(codes(h.output()), std::vector<Code>{Code::kDisposition});
  link.settle(limits::kAmqpUnsettledPerLinkMax / 2 - 1, Accepted{});
  const auto flow = h.output();
  ASSERT_EQ(codes(flow), (std::vector<Code>{Code::kDisposition, Code::kFlow}));
  EXPECT_EQ(flow[1].num(6), limits::kAmqpUnsettledPerLinkMax / 2);
}

TEST(Credit, ThePeersDeliveryCountMaySkip) {
  Harness h;
  h.listener.credit = 10;
  h.open();
  h.attach(sender("s", 0));
  Flow flow = session_window(1, 100);
  flow.handle = 0;
  flow.delivery_count = 3;
  flow.echo = true;
  const auto seen = h.feed(frame_of(flow));
  EXPECT_EQ(seen.at(0).num(5), 3u);
  EXPECT_EQ(seen.at(0).num(6), 7u);
  flow.delivery_count = 1'000'000;  // more than there was credit for: not believed
  EXPECT_EQ(h.feed(frame_of(flow)).at(0).num(5), 3u);
}

TEST(SessionWindow, IsAnnouncedAgainBeforeHalfIsUsed) {
  Harness h;
  h.listener.credit = 10'000;
  h.open();
  h.attach(sender("s", 0));
  std::string bytes;
  for (uint32_t id = 0; id < 2499; ++id) bytes += frame_of(transfer(0, id, true));
  EXPECT_TRUE(h.feed(bytes).empty());
  const auto seen = h.feed(frame_of(transfer(0, 2499, true)));
  ASSERT_EQ(codes(seen), std::vector<Code>{Code::kFlow});
  EXPECT_EQ(seen[0].num(0), 2500u);
  EXPECT_EQ(seen[0].num(1), 5000u);
  EXPECT_EQ(seen[0].num(2), 1u);
  EXPECT_TRUE(seen[0].null(4));
}

}  // namespace
}  // namespace nave::wire::amqp
