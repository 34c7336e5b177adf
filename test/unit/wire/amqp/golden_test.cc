// Byte-for-byte against frames captured from the real service (reference/amqp.md §1, CAP-1).
#include <gtest/gtest.h>

#include <fstream>

#include "harness.h"
#include "wire/amqp/message_writer.h"

namespace nave::wire::amqp {
namespace {

using namespace test;

// test/golden/amqp/service_frames.txt: a name and the hex of a whole frame per line.
std::map<std::string, std::string> golden() {
  std::ifstream file(std::string(NAVE_SOURCE_DIR) + "/test/golden/amqp/service_frames.txt");
  std::map<std::string, std::string> out;
  std::string name;
  std::string hex;
  while (file >> name >> hex) out[name] = hex;
  return out;
}

class Golden : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(golden_.size(), 8u);
    harness_.open();
  }
  std::string hex(const Seen& seen) { return to_hex(seen.bytes); }

  std::map<std::string, std::string> golden_ = golden();
  Harness harness_;
};

TEST_F(Golden, SaslMechanismsAndOutcome) {
  Harness h;
  h.machine.feed(kSaslHeader, 0);
  EXPECT_EQ(to_hex(h.raw_output()), to_hex(kSaslHeader) + golden_["sasl-mechanisms"]);
  h.machine.feed(sasl_init("MSSBCBS", std::nullopt), 0);
  EXPECT_EQ(to_hex(h.raw_output()), golden_["sasl-outcome"]);
}

TEST_F(Golden, Begin) {
  Harness h;
  const auto seen = h.feed(kAmqpHeader + open_frame() + begin_frame());
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(hex(seen[1]), golden_["begin"]);
}

TEST_F(Golden, FlowWhenTheCbsSenderIsAccepted) {
  const auto seen = harness_.attach(sender("$cbs-sender", 0, "$cbs"));
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(hex(seen[1]), golden_["flow"]);
}

// The whole exchange: the disposition of the request goes before the reply (R15).
TEST_F(Golden, DispositionThenReplyOfPutToken) {
  harness_.attach(sender("$cbs-sender", 0, "$cbs"));
  Link& replies = harness_.peer_receiver("$cbs-receiver", 1, 100);
  harness_.listener.delivery_hook = [&](Link& link, const Delivery& d) {
    link.settle(d.id, Accepted{});
    std::string message;
    MessageWriter writer(message);
    Properties properties;
    const Value id = Value::of_ulong(0);
    properties.correlation_id = id.view();
    writer.properties(properties);
    auto map = writer.application_properties();
    map.sint("status-code", 200);
    map.string("status-description", "OK");
    map.end();
    EXPECT_TRUE(replies.send(message, {.tag = ByteView("\x01\x00\x00\x00", 4)}));
  };
  const auto seen = harness_.feed(frame_of(transfer(0, 0), 0, "token"));
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(hex(seen[0]), golden_["disposition"]);
  EXPECT_EQ(hex(seen[1]), golden_["transfer"]);
}

TEST_F(Golden, EndAndCloseWithoutError) {
  auto seen = harness_.feed(end_frame());
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(hex(seen[0]), golden_["end"]);
  seen = harness_.feed(close_frame());
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(hex(seen[0]), golden_["close"]);
}

// The table "Real hub reference values".
TEST_F(Golden, OpenValues) {
  Harness h;
  const auto seen = h.feed(kAmqpHeader + open_frame());
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].fields[0].as_text(), h.options.container_id);
  EXPECT_EQ(seen[0].fields[1].as_text(), "localhost");
  EXPECT_EQ(seen[0].num(2), 65536u);
  EXPECT_EQ(seen[0].num(3), 8191u);
  EXPECT_EQ(seen[0].num(4), 240000u);
  for (size_t i = 5; i < 10; ++i) EXPECT_TRUE(seen[0].null(i));
}

}  // namespace
}  // namespace nave::wire::amqp
