#include "wire/amqp/message.h"

#include <gtest/gtest.h>

#include "hex.h"
#include "wire/amqp/message_writer.h"
#include "wire/amqp/value.h"

namespace nave::wire::amqp {
namespace {

using test::unhex;

std::string full_message() {
  std::string out;
  MessageWriter writer(out);
  writer.header({.durable = true, .priority = 4, .ttl_ms = 1000, .first_acquirer = false, .delivery_count = 2});
  auto delivery = writer.delivery_annotations();
  delivery.slong("last_enqueued_sequence_number", 5);
  delivery.end();
  auto annotations = writer.message_annotations();
  annotations.slong("x-opt-sequence-number", 300);
  annotations.string("x-opt-offset", "42");
  annotations.timestamp_ms("x-opt-enqueued-time", 1000);
  annotations.end();
  Properties p;
  const Value id = Value::of_uuid(Uuid{1, 2, 3});
  p.message_id = id.view();
  p.user_id = "user";
  p.to = "/devices/d";
  p.subject = "s";
  p.reply_to = "";
  p.content_type = "application/json";
  p.content_encoding = "utf-8";
  p.absolute_expiry_time_ms = 5;
  p.creation_time_ms = 6;
  p.group_id = "g";
  p.group_sequence = 9;
  p.reply_to_group_id = "r";
  writer.properties(p);
  auto app = writer.application_properties();
  app.string("k", "v");
  app.sint("n", -1);
  app.end();
  writer.data("payload");
  return out;
}

TEST(Message, WhatIsWrittenIsRead) {
  const std::string bytes = full_message();
  const auto view = MessageView::parse(bytes);
  ASSERT_TRUE(view);
  const auto header = view->header();
  EXPECT_EQ(header->durable, true);
  EXPECT_EQ(header->priority, 4);
  EXPECT_EQ(header->ttl_ms, 1000u);
  EXPECT_EQ(header->first_acquirer, false);
  EXPECT_EQ(header->delivery_count, 2u);
  EXPECT_EQ(find_entry(view->delivery_annotations(), "last_enqueued_sequence_number").as_int64(), 5);
  const Item sequence = find_entry(view->message_annotations(), "x-opt-sequence-number");
  EXPECT_EQ(sequence.type, Type::kLong);
  EXPECT_EQ(sequence.as_int64(), 300);
  EXPECT_EQ(find_entry(view->message_annotations(), "x-opt-enqueued-time").as_timestamp_ms(), 1000);
  const auto p = view->properties();
  EXPECT_EQ(p->message_id.type, Type::kUuid);
  EXPECT_EQ(p->user_id, "user");
  EXPECT_EQ(p->to, "/devices/d");
  EXPECT_EQ(p->subject, "s");
  EXPECT_EQ(p->reply_to, "");
  EXPECT_TRUE(p->correlation_id.is_null());
  EXPECT_EQ(p->content_type, "application/json");
  EXPECT_EQ(p->content_encoding, "utf-8");
  EXPECT_EQ(p->absolute_expiry_time_ms, 5);
  EXPECT_EQ(p->creation_time_ms, 6);
  EXPECT_EQ(p->group_id, "g");
  EXPECT_EQ(p->group_sequence, 9u);
  EXPECT_EQ(p->reply_to_group_id, "r");
  EXPECT_EQ(find_entry(view->application_properties(), "n").as_int64(), -1);
  EXPECT_EQ(view->body_kind(), BodyKind::kData);
  std::string scratch;
  EXPECT_EQ(view->data(scratch), "payload");
  EXPECT_TRUE(scratch.empty());
}

// §4.1: the C SDK puts message annotations after application properties.
TEST(Message, SectionsInAnyOrderAndUnknownOnesSkipped) {
  const std::string bytes = unhex("005375 a00161 005399 c00100 005374 c10702a1016ba10176 00a30178 40 005373 c00100");
  const auto view = MessageView::parse(bytes);
  ASSERT_TRUE(view);
  std::string scratch;
  EXPECT_EQ(view->data(scratch), "a");
  EXPECT_EQ(find_entry(view->application_properties(), "k").as_text(), "v");
  EXPECT_TRUE(view->properties());
}

TEST(Message, SeveralDataSectionsAreOneBodyOrOneBatch) {
  const std::string bytes = unhex("005375 a00161 005375 a000 005375 b00000000162");
  const auto view = MessageView::parse(bytes);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->data_count(), 3u);
  std::string scratch;
  EXPECT_EQ(view->data(scratch), "ab");
  std::vector<std::string> parts;
  view->for_each_data([&](ByteView part) {
    parts.emplace_back(part);
    return parts.size() < 2;
  });
  EXPECT_EQ(parts, (std::vector<std::string>{"a", ""}));
}

TEST(Message, ABatchHoldsWholeMessages) {
  std::string batch;
  MessageWriter(batch).data(full_message());
  MessageWriter(batch).data(full_message());
  int count = 0;
  MessageView::parse(batch)->for_each_data([&](ByteView inner) {
    const auto view = MessageView::parse(inner);
    EXPECT_EQ(find_entry(view->application_properties(), "k").as_text(), "v");
    return ++count > 0;
  });
  EXPECT_EQ(count, 2);
}

TEST(Message, AmqpValueBodies) {
  std::string bytes;
  MessageWriter(bytes).value(Value::of_string("token"));
  auto view = MessageView::parse(bytes);
  EXPECT_EQ(view->body_kind(), BodyKind::kValue);
  EXPECT_EQ(view->body_value().as_text(), "token");
  std::string scratch;
  EXPECT_EQ(view->data(scratch), "token");
  view = MessageView::parse(ByteView("\x00\x53\x77\x40", 4));
  EXPECT_EQ(view->body_kind(), BodyKind::kValue);
  EXPECT_EQ(view->data(scratch), "");
  view = MessageView::parse(ByteView("\x00\x53\x76\x45", 4));
  EXPECT_EQ(view->body_kind(), BodyKind::kSequence);
  std::string map_bytes;
  auto map = MessageWriter(map_bytes).value_map();
  map.value("partition_ids", Value::array(Type::kString, {Value::of_string("0")}));
  map.boolean("is_partition_empty", true);
  map.end();
  const auto reply = MessageView::parse(map_bytes);
  EXPECT_EQ(find_entry(reply->body_value(), "is_partition_empty").as_bool(), true);
}

TEST(Message, NoBodyAtAll) {
  const auto view = MessageView::parse(ByteView{});
  ASSERT_TRUE(view);
  EXPECT_EQ(view->body_kind(), BodyKind::kNone);
  std::string scratch = "old";
  EXPECT_EQ(view->data(scratch), "");
  EXPECT_TRUE(view->properties()->message_id.is_null());
  EXPECT_FALSE(view->header()->durable);
}

TEST(Message, MalformedMessages) {
  for (const char* hex : {"40", "005375", "005375 a005", "005375 a10161", "005374 c00100", "005373 a10161", "005370 41",
                          "005375 a00161 ff"}) {
    EXPECT_FALSE(MessageView::parse(unhex(hex))) << hex;
  }
  // The properties list says five fields and holds one that is cut.
  EXPECT_FALSE(MessageView::parse(unhex("005373 c0 03 02 a1ff"))->properties());
}

TEST(Message, FieldsOfAWrongTypeReadAsAbsent) {
  const std::string bytes = unhex("005373 c0 06 03 a10131 41 43");
  const auto p = MessageView::parse(bytes)->properties();
  ASSERT_TRUE(p);
  EXPECT_EQ(p->message_id.as_text(), "1");
  EXPECT_FALSE(p->user_id);
  EXPECT_FALSE(p->to);
}

}  // namespace
}  // namespace nave::wire::amqp
