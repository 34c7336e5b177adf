#include "wire/amqp/performatives.h"

#include <gtest/gtest.h>

#include "hex.h"
#include "seen.h"
#include "wire/amqp/reader.h"

namespace nave::wire::amqp {
namespace {

using namespace test;

Item list_of(const std::string& bytes) {
  return open_described(Reader(bytes).next())->value;
}

template <class P>
P round_trip(const P& in, std::string& keep) {
  keep.clear();
  encode(in, keep);
  read_body(keep);  // R1–R3
  P out;
  EXPECT_TRUE(decode(list_of(keep), out));
  return out;
}

TEST(Performatives, AttachReadsBackWhole) {
  Attach in;
  in.name = "link";
  in.handle = 300;
  in.role = Role::kReceiver;
  in.snd_settle_mode = SndSettleMode::kSettled;
  in.rcv_settle_mode = RcvSettleMode::kSecond;
  in.source = Terminus{};
  in.source->address = Value::of_string("a");
  in.source->durable = 2;
  in.source->expiry_policy = Value::of_symbol("never");
  in.source->timeout_s = 7;
  in.source->dynamic = true;
  in.source->distribution_mode = Value::of_symbol("move");
  in.source->filter = Value::map().add(Value::of_symbol("f"), Value::of_string("x"));
  in.source->outcomes = Value::array(Type::kSymbol, {Value::of_symbol("amqp:accepted:list")});
  in.source->capabilities = Value::of_symbol("c");
  in.target = Terminus{};
  in.target->capabilities = Value::of_symbol("t");
  in.initial_delivery_count = 4;
  in.max_message_size = UINT64_MAX;
  in.desired_capabilities = Value::array(Type::kSymbol, {Value::of_symbol("one"), Value::of_symbol("two")});
  in.properties = Value::map().add(Value::of_symbol("com.microsoft:epoch"), Value::of_long(7));
  std::string keep;
  const Attach out = round_trip(in, keep);
  EXPECT_EQ(out.name, in.name);
  EXPECT_EQ(out.handle, in.handle);
  EXPECT_EQ(out.role, in.role);
  EXPECT_EQ(out.snd_settle_mode, in.snd_settle_mode);
  EXPECT_EQ(out.rcv_settle_mode, in.rcv_settle_mode);
  EXPECT_EQ(out.source->address_text(), "a");
  EXPECT_EQ(out.source->durable, 2u);
  EXPECT_EQ(out.source->expiry_policy, in.source->expiry_policy);
  EXPECT_EQ(out.source->timeout_s, 7u);
  EXPECT_TRUE(out.source->dynamic);
  EXPECT_EQ(out.source->distribution_mode, in.source->distribution_mode);
  EXPECT_EQ(out.source->filter, in.source->filter);
  EXPECT_EQ(out.source->outcomes, in.source->outcomes);
  EXPECT_EQ(out.source->capabilities, in.source->capabilities);
  EXPECT_EQ(out.target->capabilities, in.target->capabilities);
  EXPECT_EQ(out.initial_delivery_count, 4u);
  EXPECT_EQ(out.max_message_size, UINT64_MAX);
  EXPECT_EQ(out.properties, in.properties);
  EXPECT_TRUE(out.desires("two"));
  EXPECT_FALSE(out.desires("three"));
  Attach single;
  single.desired_capabilities = Value::of_symbol("one");
  EXPECT_TRUE(single.desires("one"));
}

TEST(Performatives, OpenBeginFlowTransferDetach) {
  std::string keep;
  Open open;
  open.container_id = "c";
  open.hostname = "h:5671";
  open.idle_timeout_ms = 60000;
  open.properties = Value::map().add(Value::of_symbol("product"), Value::of_string("p"));
  const Open o = round_trip(open, keep);
  EXPECT_EQ(o.hostname, "h:5671");
  EXPECT_EQ(o.max_frame_size, UINT32_MAX);
  EXPECT_EQ(o.idle_timeout_ms, 60000u);
  EXPECT_EQ(o.properties, open.properties);
  Begin begin;
  begin.remote_channel = 3;
  begin.next_outgoing_id = 1;
  begin.incoming_window = 2;
  begin.outgoing_window = 4;
  begin.handle_max = 255;
  const Begin b = round_trip(begin, keep);
  EXPECT_EQ(b.remote_channel, 3);
  EXPECT_EQ(b.handle_max, 255u);
  Flow flow;
  flow.next_incoming_id = 1;
  flow.handle = 2;
  flow.link_credit = 3;
  flow.drain = true;
  flow.echo = true;
  const Flow f = round_trip(flow, keep);
  EXPECT_EQ(f.link_credit, 3u);
  EXPECT_EQ(f.drain, true);
  EXPECT_TRUE(f.echo);
  Transfer transfer;
  transfer.handle = 1;
  transfer.delivery_id = 2;
  transfer.delivery_tag = "tag";
  transfer.message_format = kBatchFormat;
  transfer.settled = true;
  transfer.more = true;
  const Transfer t = round_trip(transfer, keep);
  EXPECT_EQ(t.delivery_tag, "tag");
  EXPECT_EQ(t.message_format, kBatchFormat);
  EXPECT_TRUE(t.more);
  EXPECT_FALSE(t.aborted);
  const Detach d = round_trip(Detach{1, true, Error{"a:b", "text", Value()}}, keep);
  EXPECT_TRUE(d.closed);
  EXPECT_EQ(d.error->condition, "a:b");
  EXPECT_EQ(d.error->description, "text");
}

TEST(Performatives, EveryOutcomeReadsBack) {
  for (const Outcome& in :
       {Outcome(Accepted{}), Outcome(Rejected{}), Outcome(Rejected{Error{"c", {}, {}}}), Outcome(Released{}),
        Outcome(Modified{true, false, Value()}), Outcome(Received{1, 2}), Outcome()}) {
    std::string bytes;
    encode(in, bytes);
    EXPECT_EQ(decode_outcome(Reader(bytes).next()).index(), in.index());
  }
}

TEST(Performatives, ListsMayBeLongerThanTheSchema) {
  Detach out;
  EXPECT_TRUE(decode(Reader(unhex("c0 07 06 5203 41 40 40 40 40")).next(), out));
  EXPECT_EQ(out.handle, 3u);
}

TEST(Performatives, ListsMayBeShorter) {
  Transfer t;
  EXPECT_TRUE(decode(Reader(unhex("c0 03 01 5203")).next(), t));
  EXPECT_EQ(t.handle, 3u);
  EXPECT_FALSE(t.delivery_id);
  Open open;
  EXPECT_TRUE(decode(Reader("\x45").next(), open));
  EXPECT_EQ(open.channel_max, UINT16_MAX);
}

// A transaction coordinator is not a target that we know.
TEST(Performatives, CoordinatorsReadAsNoTarget) {
  Attach out;
  EXPECT_TRUE(decode(Reader(unhex("c0 0d 07 a10178 43 42 40 40 40 00 5330 45")).next(), out));
  EXPECT_FALSE(out.target);
}

TEST(Performatives, ErrorsThatMakeNoSenseAreAbsent) {
  EXPECT_FALSE(decode_error(Item{}));
  EXPECT_FALSE(decode_error(Reader(unhex("005324 45")).next()));
  EXPECT_FALSE(decode_error(Reader("\x41").next()));
  const std::string no_description = unhex("00531d c0 05 01 a3 02 6162");
  EXPECT_EQ(decode_error(Reader(no_description).next())->condition, "ab");
  EXPECT_FALSE(decode_error(Reader(no_description).next())->description);
}

// R10, R11.
TEST(Performatives, ErrorsHaveThreeFieldsAndMechanismsAreAnArray) {
  std::string out;
  encode(Error{"a", std::nullopt, Value()}, out);
  EXPECT_EQ(to_hex(out), "00531dc00603a301614040");
  out.clear();
  encode_sasl_mechanisms({"PLAIN"}, out);
  EXPECT_EQ(to_hex(out), "005340c00e01e00b01b300000005504c41494e");
}

}  // namespace
}  // namespace nave::wire::amqp
