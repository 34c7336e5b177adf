#include "hub/telemetry/event.h"

#include <gtest/gtest.h>

namespace nave::hub {
namespace {

using SP = SystemProperty;

std::string encoded(const EventView& event) {
  std::string out;
  encode_event(event, out);
  return out;
}

// docs/formats/event-record.md, "Example".
EventView example() {
  EventView event;
  event.system = {{SP::kMessageId, "m1"}};
  event.application = {{"k", "v"}, {"flag", std::nullopt}};
  event.body = "hi";
  return event;
}
constexpr std::string_view kExample(
    "\x01\x01\x01\x02m1\x02\x01k\x02v\x04"
    "flag\x00\x02hi",
    20);

void expect_same(const EventView& a, const EventView& b) {
  ASSERT_EQ(a.system.size(), b.system.size());
  for (size_t i = 0; i < a.system.size(); ++i) {
    EXPECT_EQ(a.system[i].name, b.system[i].name);
    EXPECT_EQ(a.system[i].value, b.system[i].value);
  }
  ASSERT_EQ(a.application.size(), b.application.size());
  for (size_t i = 0; i < a.application.size(); ++i) {
    EXPECT_EQ(a.application[i].name, b.application[i].name);
    EXPECT_EQ(a.application[i].value, b.application[i].value);
  }
  EXPECT_EQ(a.body, b.body);
}

TEST(EventRecord, TheDocumentedExample) {
  EXPECT_EQ(encoded(example()), kExample);
  EventView back;
  ASSERT_TRUE(decode_event(kExample, back));
  expect_same(example(), back);
}

TEST(EventRecord, AppendsToWhatIsThere) {
  std::string out = "before";
  encode_event(example(), out);
  EXPECT_EQ(out, "before" + std::string(kExample));
}

TEST(EventRecord, EmptyEventAndReuseOfTheView) {
  EventView back = example();
  const std::string bytes = encoded(EventView{});
  EXPECT_EQ(bytes, std::string("\x01\0\0\0", 4));
  ASSERT_TRUE(decode_event(bytes, back));
  expect_same(EventView{}, back);
}

TEST(EventRecord, NullAndEmptyValuesStayApart) {
  EventView event;
  event.application = {{"null", std::nullopt}, {"empty", ""}, {"", "nameless"}};
  const std::string bytes = encoded(event);
  EventView back;
  ASSERT_TRUE(decode_event(bytes, back));
  expect_same(event, back);
}

// Lengths on both sides of where the varint grows.
TEST(EventRecord, LengthEdges) {
  for (const size_t n : {0U, 1U, 126U, 127U, 128U, 129U, 16382U, 16383U, 16384U, 262144U, 2097151U, 2097152U}) {
    const std::string text(n, 'x');
    EventView event;
    event.system = {{SP::kContentType, text}};
    event.application = {{text, text}};
    event.body = text;
    const std::string bytes = encoded(event);
    EventView back;
    ASSERT_TRUE(decode_event(bytes, back)) << n;
    expect_same(event, back);
  }
}

TEST(EventRecord, EveryTruncationIsRefused) {
  for (size_t n = 0; n < kExample.size(); ++n) {
    EventView back;
    EXPECT_FALSE(decode_event(kExample.substr(0, n), back)) << n;
  }
}

TEST(EventRecord, RefusesWhatIsNotARecord) {
  using namespace std::string_view_literals;
  const std::pair<const char*, std::string_view> bad[] = {
      {"nothing", ""sv},
      {"version 0", "\x00\x00\x00\x00"sv},
      {"version 2", "\x02\x00\x00\x00"sv},
      {"bytes after the body", "\x01\x00\x00\x00x"sv},
      {"id 0", "\x01\x01\x00\x00\x00\x00"sv},
      {"count of 4 billion", "\x01\xff\xff\xff\xff\x0f"sv},
      {"varint of six bytes", "\x01\x80\x80\x80\x80\x80\x01"sv},
      {"varint beyond 32 bits", "\x01\x00\x00\xff\xff\xff\xff\x1f"sv},
      {"varint not in its shortest form", "\x01\x00\x00\x80\x00"sv},
      {"body length beyond the end", "\x01\x00\x00\x05hi"sv},
      {"body length 2^32 - 1", "\x01\x00\x00\xff\xff\xff\xff\x0fhi"sv},
      {"value tag beyond the end", "\x01\x00\x01\x01k\x05v\x00"sv},
  };
  for (const auto& [what, bytes] : bad) {
    EventView back;
    EXPECT_FALSE(decode_event(bytes, back)) << what;
  }
}

TEST(EventRecord, SkipsSystemPropertiesOfALaterVersion) {
  using namespace std::string_view_literals;
  EventView back;
  ASSERT_TRUE(decode_event("\x01\x02\x17\x01x\x01\x02m1\x00\x00"sv, back));
  ASSERT_EQ(back.system.size(), 1U);
  EXPECT_EQ(back.find(SP::kMessageId), "m1");
}

TEST(EventRecord, Find) {
  const EventView event = example();
  EXPECT_EQ(event.find(SP::kMessageId), "m1");
  EXPECT_EQ(event.find(SP::kUserId), std::nullopt);
}

TEST(MeteredSize, BodyValuesAndApplicationNames) {
  EventView event;
  EXPECT_EQ(metered_size(event), 0U);
  event.body = "12345";
  event.system = {{SP::kMessageId, "123"}, {SP::kContentType, "1234567"}};
  event.application = {{"name", "value"}, {"flag", std::nullopt}};
  EXPECT_EQ(metered_size(event), 5U + 3 + 7 + 4 + 5 + 4);
}

TEST(MeteredSize, TheHubsOwnStampsAreFree) {
  EventView event;
  for (uint8_t id = 16; id <= 20; ++id) event.system.push_back({static_cast<SP>(id), "stamp"});
  EXPECT_EQ(metered_size(event), 0U);
  event.system = {{SP::kCorrelationContext, "a"}, {SP::kOperation, "b"}};  // 15 and 21: just outside
  EXPECT_EQ(metered_size(event), 2U);
}

}  // namespace
}  // namespace nave::hub
