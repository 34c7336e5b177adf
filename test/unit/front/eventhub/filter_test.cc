#include "front/eventhub/filter.h"

#include <gtest/gtest.h>

namespace nave::front::eventhub {
namespace {

using Kind = hub::EventPosition::Kind;

struct Good {
  const char* selector;
  Kind kind;
  int64_t value;
  bool inclusive;
};

TEST(Selector, EveryFormOfTheSdks) {
  const Good cases[] = {
      {"amqp.annotation.x-opt-offset > '-1'", Kind::kEarliest, 0, false},
      {"amqp.annotation.x-opt-offset >= '-1'", Kind::kEarliest, 0, true},
      {"amqp.annotation.x-opt-offset > -1", Kind::kEarliest, 0, false},
      {"amqp.annotation.x-opt-offset > '@latest'", Kind::kLatest, 0, false},
      {"amqp.annotation.x-opt-offset > @latest", Kind::kLatest, 0, false},
      {"amqp.annotation.x-opt-offset > '42'", Kind::kOffset, 42, false},
      {"amqp.annotation.x-opt-offset >= 42", Kind::kOffset, 42, true},
      {"amqp.annotation.x-opt-sequence-number > '7'", Kind::kSequence, 7, false},
      {"amqp.annotation.x-opt-sequence-number >= '7'", Kind::kSequence, 7, true},
      {"amqp.annotation.x-opt-sequence-number > -1", Kind::kSequence, -1, false},
      {"amqp.annotation.x-opt-enqueued-time > '1700000000000'", Kind::kEnqueuedTime, 1700000000000, false},
      {"amqp.annotation.x-opt-enqueued-time >= '1700000000000'", Kind::kEnqueuedTime, 1700000000000, true},
      {"amqp.annotation.x-opt-enqueuedtimeutc > 1700000000000", Kind::kEnqueuedTime, 1700000000000, false},
      {"amqp.annotation.x-opt-offset>'9223372036854775807'", Kind::kOffset, INT64_MAX, false},
      {"  amqp.annotation.x-opt-offset   >=  '3'  ", Kind::kOffset, 3, true},
  };
  for (const Good& c : cases) {
    const auto position = parse_selector(c.selector);
    ASSERT_TRUE(position) << c.selector;
    EXPECT_EQ(position->kind, c.kind) << c.selector;
    EXPECT_EQ(position->value, c.value) << c.selector;
    EXPECT_EQ(position->inclusive, c.inclusive) << c.selector;
  }
}

TEST(Selector, WhatItCannotMean) {
  for (const char* selector : {
           "",
           "amqp.annotation.x-opt-offset",
           "amqp.annotation.x-opt-offset >",
           "amqp.annotation.x-opt-offset > ''",
           "amqp.annotation.x-opt-offset > '",
           "amqp.annotation.x-opt-offset > '1",
           "amqp.annotation.x-opt-offset > 1 2",
           "amqp.annotation.x-opt-offset > 0x10",
           "amqp.annotation.x-opt-offset > '-2'",
           "amqp.annotation.x-opt-offset > '9223372036854775808'",
           "amqp.annotation.x-opt-offset = '1'",
           "amqp.annotation.x-opt-offset < '1'",
           "amqp.annotation.x-opt-sequence-number > '@latest'",
           "amqp.annotation.x-opt-enqueued-time > '-5'",
           "amqp.annotation.x-opt-unknown > '1'",
           "x-opt-offset > '1'",
       }) {
    const auto position = parse_selector(selector);
    EXPECT_FALSE(position) << selector;
    if (!position) {
      EXPECT_NE(position.error().find("invalid"), std::string::npos) << selector;
    }
  }
}

TEST(Selector, LengthLimitIsExact) {
  std::string selector = "amqp.annotation.x-opt-offset > '5'";
  selector.resize(kSelectorBytesMax, ' ');
  EXPECT_TRUE(parse_selector(selector));
  selector.push_back(' ');
  EXPECT_FALSE(parse_selector(selector));
}

}  // namespace
}  // namespace nave::front::eventhub
