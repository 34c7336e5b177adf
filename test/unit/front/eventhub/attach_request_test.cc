#include "front/eventhub/attach_request.h"

#include <gtest/gtest.h>

namespace nave::front::eventhub {
namespace {

using Kind = hub::EventPosition::Kind;
using wire::amqp::Value;

constexpr const char* kKey = "apache.org:selector-filter:string";
constexpr const char* kText = "amqp.annotation.x-opt-offset > '7'";

wire::amqp::Attach with_filter(Value key, Value value) {
  wire::amqp::Attach attach;
  attach.source.emplace();
  attach.source->filter = Value::map().add(std::move(key), std::move(value));
  return attach;
}

TEST(AttachRequest, FilterInTheFormOfEachSdk) {
  const Value text = Value::of_string(kText);
  const wire::amqp::Attach forms[] = {
      with_filter(Value::of_symbol(kKey), Value::described(Value::of_ulong(0x468C00000004), text)),  // JavaScript, Go
      with_filter(Value::of_symbol(kKey), Value::described(Value::of_ulong(0x137000000A), text)),    // .NET
      with_filter(Value::of_symbol(kKey), Value::described(Value::of_symbol(kKey), text)),           // Java, Python
      with_filter(Value::of_symbol(kKey), text),
      with_filter(Value::of_symbol("jms-selector"), Value::described(Value::of_ulong(0x468C00000004), text)),  // rhea
  };
  for (const auto& attach : forms) {
    const auto request = read_attach(attach);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->position.kind, Kind::kOffset);
    EXPECT_EQ(request->position.value, 7);
  }
}

TEST(AttachRequest, WithoutAFilterTheEnd) {
  const auto nothing = read_attach({});
  ASSERT_TRUE(nothing);
  EXPECT_EQ(nothing->position.kind, Kind::kLatest);
  EXPECT_FALSE(nothing->epoch);
  EXPECT_FALSE(nothing->wants_metric);
  const auto other = read_attach(with_filter(Value::of_symbol("other"), Value::of_string("x")));
  ASSERT_TRUE(other);
  EXPECT_EQ(other->position.kind, Kind::kLatest);
}

TEST(AttachRequest, WhatIsNoFilter) {
  EXPECT_FALSE(read_attach(with_filter(Value::of_symbol(kKey), Value::of_string("nonsense"))));
  EXPECT_FALSE(read_attach(with_filter(Value::of_symbol(kKey), Value::of_int(1))));
}

TEST(AttachRequest, EpochOfAnyIntegerTypeAndName) {
  for (const Value& epoch : {Value::of_long(7), Value::of_int(7), Value::of_ulong(7)}) {
    wire::amqp::Attach attach;
    attach.properties = Value::map();
    attach.properties.add(Value::of_symbol("com.microsoft:epoch"), epoch);
    attach.properties.add(Value::of_symbol("com.microsoft:receiver-name"), Value::of_string("me\n"));
    attach.properties.add(Value::of_symbol("com.microsoft:timeout"), Value::of_double(1));
    const auto request = read_attach(attach);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->epoch, 7);
    EXPECT_EQ(request->receiver_name, "me?");
  }
  wire::amqp::Attach bad;
  bad.properties = Value::map().add(Value::of_symbol("com.microsoft:epoch"), Value::of_string("7"));
  EXPECT_FALSE(read_attach(bad));
}

TEST(AttachRequest, MetricIsAskedForByCapability) {
  wire::amqp::Attach attach;
  attach.desired_capabilities =
      Value::array(wire::amqp::Type::kSymbol, {Value::of_symbol("com.microsoft:georeplication"),
                                               Value::of_symbol("com.microsoft:enable-receiver-runtime-metric")});
  EXPECT_TRUE(read_attach(attach)->wants_metric);
}

TEST(AttachRequest, PositionsBeyondTheEndBelongToAnotherLog) {
  hub::PartitionInfo info;
  info.last_sequence = SequenceNumber{9};
  info.last_offset = 9;
  struct Case {
    hub::EventPosition position;
    bool ok;
  };
  const Case cases[] = {
      {{Kind::kOffset, 9, false}, true},
      {{Kind::kOffset, 10, false}, false},
      {{Kind::kOffset, 10, true}, true},
      {{Kind::kOffset, 11, true}, false},
      {{Kind::kSequence, 9, false}, true},
      {{Kind::kSequence, 10, false}, false},
      {{Kind::kSequence, 10, true}, true},
      {{Kind::kSequence, 11, true}, false},
      {{Kind::kEarliest, 0, false}, true},
      {{Kind::kLatest, 0, false}, true},
      {{Kind::kEnqueuedTime, INT64_MAX, false}, true},
  };
  for (const Case& c : cases) EXPECT_EQ(check_position(c.position, info).has_value(), c.ok) << c.position.value;
  EXPECT_EQ(check_position({Kind::kOffset, 10, false}, info).error(),
            "The supplied offset '10' is invalid. The last offset in the system is '9'");
}

}  // namespace
}  // namespace nave::front::eventhub
