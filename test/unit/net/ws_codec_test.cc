#include "net/ws_codec.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace nave::net {
namespace {

struct FrameOptions {
  bool final = true;
  bool masked = true;
  uint8_t reserved = 0;
};

std::string client_frame(uint8_t opcode, ByteView payload, FrameOptions o = {}) {
  std::string out;
  out.push_back(static_cast<char>((o.final ? 0x80 : 0) | o.reserved | opcode));
  const auto mask_bit = static_cast<uint8_t>(o.masked ? 0x80 : 0);
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(mask_bit | payload.size()));
  } else if (payload.size() < 65536) {
    out.push_back(static_cast<char>(mask_bit | 126));
    append_be(out, static_cast<uint16_t>(payload.size()));
  } else {
    out.push_back(static_cast<char>(mask_bit | 127));
    append_be(out, uint64_t{payload.size()});
  }
  const std::string mask = o.masked ? "\x11\x22\x33\x44" : "";
  out += mask;
  for (size_t i = 0; i < payload.size(); ++i) {
    out.push_back(o.masked ? static_cast<char>(payload[i] ^ mask[i % 4]) : payload[i]);
  }
  return out;
}

constexpr uint8_t kContinuation = 0;
constexpr uint8_t kText = 1;
constexpr uint8_t kBinary = 2;
constexpr uint8_t kClose = 8;
constexpr uint8_t kPing = 9;
constexpr uint8_t kPong = 10;

struct Outcome {
  std::string data;
  std::string replies;
  std::optional<WsEnd> end;
};

Outcome decode(ByteView bytes, size_t step = SIZE_MAX) {
  WsDecoder decoder;
  Outcome out;
  while (!bytes.empty() && !out.end) {
    out.end = decoder.feed(bytes.substr(0, step), out.data, out.replies);
    bytes.remove_prefix(std::min(step, bytes.size()));
  }
  return out;
}

TEST(WsCodec, DataOfEveryLengthFormInEverySplit) {
  for (const size_t size : {0U, 1U, 7U, 8U, 9U, 125U, 126U, 127U, 65535U, 65536U, 70000U}) {
    std::string payload(size, '\0');
    for (size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 31);
    const std::string bytes = client_frame(kBinary, payload) + client_frame(kBinary, "tail");
    for (const size_t step : {size_t{1}, size_t{3}, size_t{13}, SIZE_MAX}) {
      if (size > 1000 && step < 13) continue;
      const Outcome got = decode(bytes, step);
      EXPECT_FALSE(got.end);
      EXPECT_TRUE(got.data == payload + "tail") << size << " in steps of " << step;
    }
  }
}

TEST(WsCodec, FragmentsAreOneStreamAndControlFramesMayComeBetween) {
  const Outcome got = decode(client_frame(kBinary, "ab", {.final = false}) + client_frame(kPing, "?") +
                             client_frame(kContinuation, "cd", {.final = false}) + client_frame(kContinuation, "ef"));
  EXPECT_EQ(got.data, "abcdef");
  EXPECT_EQ(got.replies, std::string("\x8a\x01?", 3));
  EXPECT_FALSE(got.end);
}

TEST(WsCodec, PongsRepeatThePing) {
  const std::string payload(limits::kWsControlPayloadMax, 'p');
  const Outcome got = decode(client_frame(kPing, payload), 1);
  EXPECT_EQ(got.replies, std::string("\x8a\x7d", 2) + payload);
  EXPECT_EQ(decode(client_frame(kPing, "")).replies, std::string("\x8a\x00", 2));
}

// .NET sends them about every 30 s (device-mqtt-https.md §9).
TEST(WsCodec, UnsolicitedPongsAreIgnored) {
  const Outcome got = decode(client_frame(kPong, "anything") + client_frame(kBinary, "x"));
  EXPECT_EQ(got.data, "x");
  EXPECT_EQ(got.replies, "");
  EXPECT_FALSE(got.end);
}

// Python Paho answers control frames without a mask (§9).
TEST(WsCodec, UnmaskedPongAndCloseAreAccepted) {
  const Outcome got = decode(client_frame(kPong, "p", {.masked = false}) + client_frame(kBinary, "x") +
                             client_frame(kClose, "\x03\xe8", {.masked = false}));
  EXPECT_EQ(got.data, "x");
  ASSERT_TRUE(got.end);
  EXPECT_EQ(got.end->code, WsCloseCode::kNormal);
  EXPECT_TRUE(got.end->by_peer);
}

struct Ending {
  const char* name;
  std::string bytes;
  WsCloseCode code;
  bool by_peer;
};

class WsEndings : public ::testing::TestWithParam<Ending> {};

TEST_P(WsEndings, InEverySplit) {
  for (const size_t step : {size_t{1}, size_t{2}, SIZE_MAX}) {
    const Outcome got = decode(client_frame(kBinary, "before") + GetParam().bytes + client_frame(kBinary, "X"), step);
    ASSERT_TRUE(got.end) << GetParam().name;
    EXPECT_EQ(got.end->code, GetParam().code);
    EXPECT_EQ(got.end->by_peer, GetParam().by_peer);
    EXPECT_EQ(got.data, "before");
  }
}

std::string length_form(uint64_t n) {
  std::string out("\x82\xff", 2);
  append_be(out, n);
  return out + "mask";
}

INSTANTIATE_TEST_SUITE_P(
    WsCodec, WsEndings,
    ::testing::Values(
        Ending{"Close", client_frame(kClose, ""), WsCloseCode::kNone, true},
        Ending{"CloseWithReason", client_frame(kClose, "\x03\xe9going"), static_cast<WsCloseCode>(1001), true},
        Ending{"CloseWithPrivateCode", client_frame(kClose, "\x13\x87"), static_cast<WsCloseCode>(4999), true},
        Ending{"CloseOfOneByte", client_frame(kClose, "\x03"), WsCloseCode::kProtocolError, false},
        Ending{"CloseWithReservedCode", client_frame(kClose, "\x03\xed"), WsCloseCode::kProtocolError, false},
        Ending{"CloseWithCodeTooLow", client_frame(kClose, "\x03\xe7"), WsCloseCode::kProtocolError, false},
        Ending{"CloseWithCodeTooHigh", client_frame(kClose, "\x13\x88"), WsCloseCode::kProtocolError, false},
        Ending{"CloseWithBadUtf8", client_frame(kClose, "\x03\xe8\xff"), WsCloseCode::kInvalidPayload, false},
        Ending{"Text", client_frame(kText, "hello"), WsCloseCode::kUnsupportedData, false},
        Ending{"UnmaskedData", client_frame(kBinary, "x", {.masked = false}), WsCloseCode::kProtocolError, false},
        Ending{"ReservedBit1", client_frame(kBinary, "x", {.reserved = 0x40}), WsCloseCode::kProtocolError, false},
        Ending{"ReservedBit3", client_frame(kPing, "x", {.reserved = 0x10}), WsCloseCode::kProtocolError, false},
        Ending{"ReservedDataOpcode", client_frame(3, "x"), WsCloseCode::kProtocolError, false},
        Ending{"ReservedControlOpcode", client_frame(11, "x"), WsCloseCode::kProtocolError, false},
        Ending{"ContinuationOfNothing", client_frame(kContinuation, "x"), WsCloseCode::kProtocolError, false},
        Ending{"MessageInsideAMessage", client_frame(kBinary, "", {.final = false}) + client_frame(kBinary, "y"),
               WsCloseCode::kProtocolError, false},
        Ending{"FragmentedPing", client_frame(kPing, "x", {.final = false}), WsCloseCode::kProtocolError, false},
        Ending{"LongPing", client_frame(kPing, std::string(limits::kWsControlPayloadMax + 1, 'x')),
               WsCloseCode::kProtocolError, false},
        Ending{"FrameTooBig", length_form(limits::kWsFrameBytesMax + 1), WsCloseCode::kTooBig, false},
        Ending{"LengthWithTheHighBit", length_form(uint64_t{1} << 63), WsCloseCode::kTooBig, false}),
    [](const auto& p) { return p.param.name; });

TEST(WsCodec, TheBiggestFrameIsFine) {
  const std::string payload(limits::kWsFrameBytesMax, 'b');
  const Outcome got = decode(client_frame(kBinary, payload), 1 << 20);
  EXPECT_FALSE(got.end);
  EXPECT_EQ(got.data.size(), payload.size());
}

TEST(WsCodec, ServerFramesAreBinaryFinalUnmaskedAndAtMost64KiB) {
  std::string out;
  append_ws_data(out, "");
  EXPECT_EQ(out, "");
  append_ws_data(out, "abc");
  EXPECT_EQ(out, std::string("\x82\x03"
                             "abc"));
  out.clear();
  append_ws_data(out, std::string(126, 'x'));
  EXPECT_EQ(out.substr(0, 4), std::string("\x82\x7e\x00\x7e", 4));
  out.clear();
  append_ws_data(out, std::string(limits::kWsFrameBytesSent + 1, 'x'));
  EXPECT_EQ(out.substr(0, 10), std::string("\x82\x7f\0\0\0\0\0\1\0\0", 10));
  EXPECT_EQ(out.substr(10 + limits::kWsFrameBytesSent), std::string("\x82\x01x"));
}

TEST(WsCodec, CloseFrames) {
  std::string out;
  append_ws_close(out, WsCloseCode::kNone);
  EXPECT_EQ(out, std::string("\x88\x00", 2));
  out.clear();
  append_ws_close(out, WsCloseCode::kUnsupportedData);
  EXPECT_EQ(out, std::string("\x88\x02\x03\xeb", 4));
}

}  // namespace
}  // namespace nave::net
