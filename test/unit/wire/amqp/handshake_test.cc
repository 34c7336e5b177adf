// Protocol headers, SASL, open and close (reference/amqp.md §2).
#include <gtest/gtest.h>

#include "harness.h"

namespace nave::wire::amqp {
namespace {

using namespace test;

TEST(Handshake, BareAmqp) {
  Harness h;
  h.machine.feed(kAmqpHeader, 0);
  EXPECT_EQ(h.raw_output(), kAmqpHeader);
  EXPECT_FALSE(h.machine.opened());
  EXPECT_EQ(codes(h.feed(open_frame())), std::vector<Code>{Code::kOpen});
  EXPECT_TRUE(h.machine.opened());
  EXPECT_EQ(h.machine.sasl_mechanism(), "");
  EXPECT_EQ(h.listener.opens.at(0).hostname, "hub.example.net");
}

class Mechanism : public ::testing::TestWithParam<const char*> {};

TEST_P(Mechanism, LetsIn) {
  Harness h;
  h.machine.feed(kSaslHeader + sasl_init(GetParam(), "response") + kAmqpHeader + open_frame(), 0);
  const std::string out = h.raw_output();
  EXPECT_TRUE(out.starts_with(kSaslHeader));
  EXPECT_NE(out.find(kAmqpHeader), std::string::npos);
  EXPECT_EQ(codes(read_output(out)), (std::vector<Code>{Code::kSaslMechanisms, Code::kSaslOutcome, Code::kOpen}));
  EXPECT_EQ(h.machine.sasl_mechanism(), GetParam());
  EXPECT_EQ(h.listener.initial_response, "response");
}

INSTANTIATE_TEST_SUITE_P(All, Mechanism, ::testing::Values("EXTERNAL", "MSSBCBS", "ANONYMOUS", "PLAIN"));

void expect_sasl_refusal(Harness& h, const std::vector<Seen>& seen) {
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].type, 1);
  EXPECT_EQ(seen[0].num(0), 1u);
  EXPECT_TRUE(seen[0].fields[1].as_binary());
  EXPECT_TRUE(h.machine.finished());
  EXPECT_EQ(h.listener.closed.size(), 1u);
  EXPECT_EQ(h.listener.closed[0].cause, CloseInfo::Cause::kProtocol);
}

TEST(Handshake, SaslFailureHasTwoFieldsAndEndsTheConnection) {
  Harness h;
  h.listener.let_in = false;
  h.feed(kSaslHeader);
  expect_sasl_refusal(h, h.feed(sasl_init("PLAIN", "bad") + kAmqpHeader + open_frame()));
  EXPECT_FALSE(h.machine.feed(open_frame(), 0));
  EXPECT_TRUE(h.raw_output().empty());
}

TEST(Handshake, MechanismsThatWeDoNotOfferNeverReachTheListener) {
  Harness h;
  h.feed(kSaslHeader);
  expect_sasl_refusal(h, h.feed(sasl_init("SCRAM-SHA-1", "x")));
  EXPECT_EQ(h.listener.mechanism, "");
}

TEST(Handshake, UnknownHeadersGetOursAndTheEnd) {
  for (const std::string& bytes :
       {std::string("GET / HT"), std::string("AMQP\x00\x00\x09\x01", 8), std::string("AMQP\x02\x01\x00\x00", 8)}) {
    Harness h;
    EXPECT_FALSE(h.machine.feed(bytes, 0));
    EXPECT_EQ(h.raw_output(), kAmqpHeader);
    EXPECT_TRUE(h.machine.finished());
  }
  Harness h;
  EXPECT_FALSE(h.machine.feed(ByteView("AMQP\x03\x01\x00\x01", 8), 0));
  EXPECT_EQ(h.raw_output(), kSaslHeader);
}

TEST(Handshake, SaslTwiceIsAnError) {
  Harness h;
  h.feed(kSaslHeader + sasl_init("ANONYMOUS", std::nullopt));
  EXPECT_FALSE(h.machine.feed(kSaslHeader, 0));
}

TEST(Handshake, AmqpFramesInsideSaslAndTheOtherWayRound) {
  Harness a;
  a.feed(kSaslHeader);
  EXPECT_FALSE(a.machine.feed(open_frame(), 0));
  Harness b;
  b.feed(kAmqpHeader);
  EXPECT_FALSE(b.machine.feed(sasl_init("PLAIN", "x"), 0));
}

// A PLAIN response holds a whole token, more than the standard's 512 bytes.
TEST(Handshake, SaslFramesUpToTheLimit) {
  const auto init_of = [](size_t frame_size) {
    std::string body("\x00\x53\x41\xd0", 4);
    const size_t response = frame_size - 8 - 12 - 7 - 5;
    append_be(body, static_cast<uint32_t>(4 + 7 + 5 + response));
    append_be(body, uint32_t{2});
    body += "\xa3\x05PLAIN\xb0";
    append_be(body, static_cast<uint32_t>(response));
    return frame(0, body + std::string(response, 'x'), 1);
  };
  Harness fits;
  fits.feed(kSaslHeader);
  EXPECT_TRUE(fits.machine.feed(init_of(limits::kAmqpSaslFrameBytesMax), 0));
  EXPECT_EQ(fits.machine.sasl_mechanism(), "PLAIN");
  Harness above;
  above.feed(kSaslHeader);
  EXPECT_FALSE(above.machine.feed(init_of(limits::kAmqpSaslFrameBytesMax + 1), 0));
}

TEST(Handshake, EverythingPipelinedBeforeOurHeader) {
  Harness h;
  const auto seen = h.feed(kAmqpHeader + open_frame() + begin_frame() + frame_of(sender("s", 0)));
  EXPECT_EQ(codes(seen), (std::vector<Code>{Code::kOpen, Code::kBegin, Code::kAttach, Code::kFlow}));
}

TEST(Handshake, TheListenerMayChooseHostnameAndHandleMax) {
  Harness h;
  h.listener.open_hook = [](OpenReply& reply) {
    reply.hostname.reset();
    reply.handle_max = 255;
  };
  const auto seen = h.feed(kAmqpHeader + open_frame() + begin_frame());
  EXPECT_TRUE(seen[0].null(1));
  EXPECT_EQ(seen[1].num(4), 255u);
}

TEST(Handshake, CloseIsAnsweredAndEndsEverything) {
  Harness h;
  h.open();
  h.attach(sender("s", 0));
  std::string body;
  encode_close(Error{"amqp:connection:forced", "bye", Value()}, body);
  EXPECT_EQ(codes(h.feed(frame(0, body) + open_frame())), std::vector<Code>{Code::kClose});
  EXPECT_TRUE(h.machine.finished());
  ASSERT_EQ(h.listener.closed.size(), 1u);
  EXPECT_EQ(h.listener.closed[0].cause, CloseInfo::Cause::kPeer);
  EXPECT_EQ(h.listener.closed[0].error->condition, "amqp:connection:forced");
  ASSERT_EQ(h.listener.detached.size(), 1u);
  EXPECT_EQ(h.listener.detached[0].second.cause, DetachInfo::Cause::kConnection);
  EXPECT_EQ(h.listener.sessions_ended, 1);
  EXPECT_EQ(h.machine.link_count(), 0u);
}

TEST(Handshake, OurCloseWaitsForThePeers) {
  Harness h;
  h.open();
  h.attach(sender("s", 0));
  h.machine.close(Error{"amqp:connection:forced", "shutdown", Value()});
  h.machine.close(std::nullopt);  // the first counts
  auto seen = h.output();
  ASSERT_EQ(codes(seen), std::vector<Code>{Code::kClose});
  EXPECT_EQ(seen[0].condition(0), "amqp:connection:forced");
  EXPECT_FALSE(h.machine.finished());
  h.link("s")->set_credit_window(500);  // nothing follows a close
  EXPECT_TRUE(h.feed(begin_frame(1)).empty());
  EXPECT_TRUE(h.feed(close_frame()).empty());
  EXPECT_TRUE(h.machine.finished());
  EXPECT_EQ(h.listener.closed.at(0).cause, CloseInfo::Cause::kLocal);
}

TEST(Handshake, OurCloseWaitsOnlySoLong) {
  Harness h;
  h.open();
  h.machine.close(std::nullopt);
  h.machine.on_time(50'000);
  EXPECT_EQ(h.machine.next_deadline_ms(), 50'000 + limits::kAmqpCloseWaitMs);
  h.machine.on_time(50'000 + limits::kAmqpCloseWaitMs - 1);
  EXPECT_FALSE(h.machine.finished());
  h.machine.on_time(50'000 + limits::kAmqpCloseWaitMs);
  EXPECT_TRUE(h.machine.finished());
  EXPECT_EQ(h.listener.closed.size(), 1u);
}

TEST(Handshake, CloseBeforeTheOpenNeedsNoAnswer) {
  Harness h;
  h.feed(kAmqpHeader);
  h.machine.close(Error{"amqp:connection:forced", std::nullopt, Value()});
  EXPECT_EQ(codes(h.output()), (std::vector<Code>{Code::kOpen, Code::kClose}));
  h.machine.on_time(1);
  EXPECT_TRUE(h.machine.finished());
  EXPECT_EQ(h.listener.closed.size(), 1u);
}

TEST(Handshake, AbandonReportsWithoutOutput) {
  Harness h;
  h.open();
  h.attach(sender("s", 0));
  h.machine.abandon();
  h.machine.abandon();
  EXPECT_TRUE(h.raw_output().empty());
  EXPECT_EQ(h.listener.detached.size(), 1u);
  EXPECT_EQ(h.listener.sessions_ended, 1);
  ASSERT_EQ(h.listener.closed.size(), 1u);
  EXPECT_EQ(h.listener.closed[0].cause, CloseInfo::Cause::kAbandoned);
}

// --- timers

TEST(Idle, HeartbeatsAtHalfThePeersTimeout) {
  Harness h;
  h.feed(kAmqpHeader + open_frame(65536, 10'000), 1000);
  EXPECT_EQ(h.machine.next_deadline_ms(), 6000);
  h.machine.on_time(5999);
  EXPECT_TRUE(h.raw_output().empty());
  h.machine.on_time(6000);
  EXPECT_EQ(to_hex(h.raw_output()), "0000000802000000");
  EXPECT_EQ(h.machine.next_deadline_ms(), 11'000);
}

TEST(Idle, OtherOutputPostponesTheHeartbeat) {
  Harness h;
  h.feed(kAmqpHeader + open_frame(65536, 10'000), 1000);
  h.feed(begin_frame(), 4000);
  EXPECT_EQ(h.machine.next_deadline_ms(), 9000);
}

TEST(Idle, AnAbsurdTimeoutCostsLittle) {
  Harness h;
  h.feed(kAmqpHeader + open_frame(65536, 1), 1000);
  EXPECT_EQ(h.machine.next_deadline_ms(), 1500);
}

TEST(Idle, WithoutATimeoutOfThePeerOnlyItsSilenceCounts) {
  Harness h;
  h.feed(kAmqpHeader + open_frame(), 1000);
  EXPECT_EQ(h.machine.next_deadline_ms(), 1000 + 300'000);
  h.feed(unhex("0000000802000000"), 2000);
  EXPECT_EQ(h.machine.next_deadline_ms(), 2000 + 300'000);
  h.machine.on_time(301'999);
  EXPECT_FALSE(h.machine.finished());
  h.machine.on_time(302'000);
  const auto seen = h.output();
  ASSERT_EQ(codes(seen), std::vector<Code>{Code::kClose});
  EXPECT_EQ(seen[0].condition(0), condition::kResourceLimitExceeded);
  EXPECT_TRUE(h.machine.finished());
}

TEST(Idle, NoDeadlineBeforeTheOpen) {
  Harness h;
  h.feed(kAmqpHeader);
  EXPECT_FALSE(h.machine.next_deadline_ms());
  h.machine.on_time(1'000'000'000);
  EXPECT_FALSE(h.machine.finished());
}

}  // namespace
}  // namespace nave::wire::amqp
