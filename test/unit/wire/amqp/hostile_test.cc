// What a broken or hostile peer can send, and every split of a good conversation.
#include <gtest/gtest.h>

#include "harness.h"
#include "wire/amqp/writer.h"

namespace nave::wire::amqp {
namespace {

using namespace test;

struct Bad {
  const char* name;
  std::string bytes;
  std::string_view condition;
};

std::string huge_channel_begin() {
  return begin_frame(limits::kAmqpChannelMax + 1);
}

class ClosesTheConnection : public ::testing::TestWithParam<Bad> {};

// After open, a session on channel 0 and a sender link on handle 0.
TEST_P(ClosesTheConnection, WithAnError) {
  Harness h;
  h.open();
  h.attach(sender("s", 0));
  const auto seen = h.feed(GetParam().bytes + begin_frame(9));
  ASSERT_EQ(codes(seen), std::vector<Code>{Code::kClose});
  EXPECT_EQ(seen[0].condition(0), GetParam().condition);
  EXPECT_TRUE(h.machine.finished());
  ASSERT_EQ(h.listener.closed.size(), 1u);
  EXPECT_EQ(h.listener.closed[0].cause, CloseInfo::Cause::kProtocol);
  EXPECT_EQ(h.listener.detached.size(), 1u);
  EXPECT_EQ(h.listener.sessions_ended, 1);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ClosesTheConnection,
    ::testing::Values(
        Bad{"FrameLengthZero", unhex("00000000"), condition::kFramingError},
        Bad{"FrameLength7", unhex("00000007"), condition::kFramingError},
        Bad{"FrameOf4GiB", unhex("ffffffff"), condition::kFramingError},
        Bad{"FrameOneAboveOurMaximum", unhex("00010001"), condition::kFramingError},
        Bad{"DataOffset1", unhex("0000000801000000"), condition::kFramingError},
        Bad{"DataOffsetOutside", unhex("00000008ff000000"), condition::kFramingError},
        Bad{"FrameType2", unhex("0000000802020000"), condition::kFramingError},
        Bad{"SaslFrame", unhex("0000000802010000"), condition::kFramingError},
        Bad{"NoDescriptor", frame(0, unhex("c00100")), condition::kDecodeError},
        Bad{"SymbolicDescriptor", frame(0, unhex("00a3016145")), condition::kDecodeError},
        Bad{"DescriptorOnly", frame(0, unhex("005314")), condition::kDecodeError},
        Bad{"ListLongerThanFrame", frame(0, unhex("005314c0ff01")), condition::kDecodeError},
        Bad{"UnknownPerformative", frame(0, unhex("00531945")), condition::kNotImplemented},
        Bad{"SecondOpen", open_frame(), condition::kNotAllowed},
        Bad{"OpenNotAList", frame(0, unhex("00531040")), condition::kNotAllowed},
        Bad{"ChannelAboveMax", huge_channel_begin(), condition::kFramingError},
        Bad{"ChannelWithoutSession", frame_of(sender("x", 0), 3), condition::kNotAllowed},
        Bad{"EndWithoutSession", end_frame(3), condition::kNotAllowed},
        Bad{"SecondBegin", begin_frame(0), condition::kNotAllowed},
        Bad{"BeginEmpty", frame(5, unhex("00531145")), condition::kDecodeError},
        Bad{"HandleAboveMax", frame_of(sender("x", limits::kAmqpHandleMaxIotHub + 1)), condition::kFramingError},
        Bad{"AttachWithoutName", frame(0, unhex("005312c00302 4043")), condition::kDecodeError},
        Bad{"AttachEmpty", frame(0, unhex("00531245")), condition::kDecodeError},
        Bad{"AttachSettleMode9", frame(0, unhex("005312c00904 a10178 5205 42 5009")), condition::kDecodeError},
        Bad{"AttachSourceNotDescribed", frame(0, unhex("005312c00a06 a10178 5205 42 40 40 43")),
            condition::kDecodeError},
        Bad{"FlowEmpty", frame(0, unhex("00531345")), condition::kDecodeError},
        Bad{"TransferEmpty", frame(0, unhex("00531445")), condition::kDecodeError},
        Bad{"TransferHandleIsText", frame(0, unhex("005314c00401a10178")), condition::kDecodeError},
        Bad{"DispositionEmpty", frame(0, unhex("00531545")), condition::kDecodeError},
        Bad{"DetachEmpty", frame(0, unhex("00531645")), condition::kDecodeError}),
    [](const auto& param) { return std::string(param.param.name); });

class EndsTheSession : public ::testing::TestWithParam<Bad> {};

TEST_P(EndsTheSession, WithAnErrorAndDropsWhatFollows) {
  Harness h;
  h.open();
  h.attach(sender("s", 0));
  h.attach(receiver("r", 1));
  auto seen = h.feed(GetParam().bytes + frame_of(transfer(0, 0), 0, "dropped") + frame_of(sender("x", 7)));
  ASSERT_EQ(codes(seen), std::vector<Code>{Code::kEnd});
  EXPECT_EQ(seen[0].condition(0), GetParam().condition);
  EXPECT_FALSE(h.machine.finished());
  EXPECT_EQ(h.listener.detached.size(), 2u);
  EXPECT_EQ(h.listener.sessions_ended, 1);
  EXPECT_TRUE(h.listener.deliveries.empty());
  EXPECT_TRUE(h.feed(end_frame()).empty());  // the peer's half
  EXPECT_EQ(h.listener.sessions_ended, 1);
  EXPECT_EQ(codes(h.feed(begin_frame())), std::vector<Code>{Code::kBegin});
}

INSTANTIATE_TEST_SUITE_P(
    Table, EndsTheSession,
    ::testing::Values(Bad{"TransferUnattached", frame_of(transfer(5, 0)), condition::kUnattachedHandle},
                      Bad{"FlowUnattached", frame_of(credit(5, 0, 1)), condition::kUnattachedHandle},
                      Bad{"DetachUnattached", frame_of(Detach{5, true, {}}), condition::kUnattachedHandle},
                      Bad{"HandleInUse", frame_of(sender("other", 0)), condition::kHandleInUse},
                      Bad{"TransferFromAReceiver", frame_of(transfer(1, 0)), condition::kErrantLink}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(Hostile, AnythingButOpenFirst) {
  for (const std::string& bytes : {begin_frame(), frame_of(sender("s", 0)), close_frame(), end_frame()}) {
    Harness h;
    h.feed(kAmqpHeader);
    const auto seen = h.feed(bytes);
    EXPECT_EQ(codes(seen), (std::vector<Code>{Code::kOpen, Code::kClose}));  // a close needs an open before it
    EXPECT_TRUE(h.machine.finished());
  }
}

TEST(Hostile, OpenWithNonsenseInside) {
  Harness h;
  h.feed(kAmqpHeader);
  EXPECT_EQ(codes(h.feed(frame(0, unhex("005310c00301a1ff")))), (std::vector<Code>{Code::kOpen, Code::kClose}));
}

TEST(Hostile, HeartbeatsAndEmptyOpenFieldsAreFine) {
  Harness h;
  h.feed(kAmqpHeader + frame(0, unhex("005310c00301a100")));
  EXPECT_TRUE(h.machine.opened());
  std::string beats;
  for (int i = 0; i < 1000; ++i) beats += unhex("0000000802000000");
  EXPECT_TRUE(h.feed(beats).empty());
  EXPECT_FALSE(h.machine.finished());
}

// Name, handle and role, nothing else.
std::string short_attach(uint32_t i) {
  std::string body;
  Writer writer(body);
  writer.descriptor(Code::kAttach);
  const auto list = writer.begin_list();
  writer.string(std::to_string(i));
  writer.uint(i);
  writer.boolean(false);
  writer.end(list, 3);
  return frame(0, body);
}

TEST(Hostile, LinkStormStopsAtTheLimit) {
  Harness h;
  h.open();
  h.listener.attach_hook = [](Link& link) { link.refuse(Error{"amqp:not-found", "no", Value()}); };
  for (uint32_t i = 0; i < limits::kAmqpLinksPerConnectionMax; ++i) {
    h.machine.feed(short_attach(i), 0);
    h.raw_output();
  }
  EXPECT_EQ(h.machine.link_count(), limits::kAmqpLinksPerConnectionMax);
  EXPECT_FALSE(h.machine.finished());
  const auto seen = h.attach(sender("one more", 200'000));
  ASSERT_EQ(codes(seen), std::vector<Code>{Code::kClose});
  EXPECT_EQ(seen[0].condition(0), condition::kResourceLimitExceeded);
}

TEST(Hostile, SessionStorm) {
  Harness h;
  h.feed(kAmqpHeader + open_frame());
  for (uint32_t channel = 0; channel <= limits::kAmqpChannelMax; ++channel) {
    ASSERT_TRUE(h.machine.feed(begin_frame(static_cast<uint16_t>(channel)), 0));
  }
  EXPECT_EQ(h.machine.session_count(), limits::kAmqpChannelMax + 1u);
  h.machine.abandon();
  EXPECT_EQ(h.listener.sessions_ended, limits::kAmqpChannelMax + 1);
}

TEST(Hostile, SelfStealingNameStorm) {
  Harness h;
  h.open();
  for (uint32_t i = 0; i < 1000; ++i) {
    h.attach(sender("same", i));
    EXPECT_EQ(h.feed(frame_of(Detach{i, true, {}})).size(), 1u);
  }
  EXPECT_EQ(h.machine.link_count(), 0u);
}

TEST(Hostile, AttachPropertiesWithTooManyValues) {
  Harness h;
  h.open();
  std::string bytes = unhex("f0 00000005 ffffffff 41");
  Attach attach = sender("s", 0);
  std::string body;
  encode(attach, body);
  // The last field of the encoded list is the null properties map: put a bomb there.
  body.pop_back();
  body += bytes;
  body[4] = static_cast<char>(body.size() - 5);
  EXPECT_EQ(codes(h.feed(frame(0, body))), std::vector<Code>{Code::kClose});
}

// --- splits

std::string conversation() {
  Transfer first = transfer(0, 1, std::nullopt, true);
  return kSaslHeader + sasl_init("ANONYMOUS", "x") + kAmqpHeader + open_frame() + begin_frame() +
         frame_of(sender("s", 0)) + frame_of(receiver("r", 1)) + frame_of(credit(1, 0, 10)) +
         unhex("0000000802000000") + frame_of(transfer(0, 0), 0, "one") + frame_of(first, 0, "tw") +
         frame_of(transfer(0, std::nullopt), 0, "o") + frame_of(Detach{1, true, {}}) + end_frame() + close_frame();
}

struct Transcript {
  std::string output;
  std::vector<std::string> payloads;
};

Transcript run(const std::vector<std::string_view>& pieces) {
  Harness h;
  Transcript out;
  for (const std::string_view piece : pieces) {
    h.machine.feed(piece, 0);
    // Not taken in between: what is coalesced must not depend on the pieces for this comparison.
  }
  out.output = h.raw_output();
  for (const Got& got : h.listener.deliveries) out.payloads.push_back(got.payload);
  EXPECT_TRUE(h.machine.finished());
  return out;
}

TEST(Splits, EveryCutInTwoAndByteByByteGiveTheSame) {
  const std::string bytes = conversation();
  const Transcript whole = run({bytes});
  EXPECT_EQ(whole.payloads, (std::vector<std::string>{"one", "two"}));
  for (size_t cut = 1; cut < bytes.size(); ++cut) {
    const Transcript two = run({std::string_view(bytes).substr(0, cut), std::string_view(bytes).substr(cut)});
    ASSERT_EQ(to_hex(two.output), to_hex(whole.output)) << cut;
    ASSERT_EQ(two.payloads, whole.payloads);
  }
  std::vector<std::string_view> single;
  for (size_t i = 0; i < bytes.size(); ++i) single.push_back(std::string_view(bytes).substr(i, 1));
  EXPECT_EQ(to_hex(run(single).output), to_hex(whole.output));
}

// Flipping any one byte of the conversation ends in order or not at all, never in a crash or a frame that breaks R1–R3.
TEST(Splits, EveryByteDamaged) {
  const std::string bytes = conversation();
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      Harness h;
      h.feed(damaged);
      h.machine.abandon();
      ASSERT_EQ(h.listener.closed.size(), 1u);
      ASSERT_EQ(h.listener.sessions_begun, h.listener.sessions_ended);
    }
  }
}

}  // namespace
}  // namespace nave::wire::amqp
