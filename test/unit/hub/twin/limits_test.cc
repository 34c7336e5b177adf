// Limits of twins, at and past the edge (reference/service-rest.md §11.4).
#include <gtest/gtest.h>

#include <algorithm>

#include "base/limits.h"
#include "hub/twin/change.h"
#include "hub/twin/merge.h"
#include "hub/twin/validate.h"
#include "json/parse.h"
#include "json/write.h"

namespace nave::hub {
namespace {

using json::Object;
using json::Value;

const UtcTime kNow = from_unix_ms(1'786'795'200'000);

Object parse(const std::string& text) {
  return *json::parse(text).value().if_object();
}
std::string refusal(const HubResult<void>& r) {
  return r ? "" : r.error().message;
}
std::string named(const std::string& name, TwinPart part = TwinPart::kDesired) {
  Object o;
  o.append(name, 1);
  return refusal(check_twin_values(o, part));
}
Object of_text(const std::string& text) {
  Object o;
  o.append("k", text);
  return o;
}
Object nested(int objects) {
  Value inner = Object();
  inner.if_object()->append("leaf", 1);
  for (int i = 1; i < objects; ++i) {
    Object outer;
    outer.append("o", std::move(inner));
    inner = std::move(outer);
  }
  Object section;
  section.append("o", std::move(inner));
  return section;
}

TEST(TwinLimits, Names) {
  EXPECT_EQ(named(std::string(1024, 'n')), "");
  EXPECT_EQ(named(std::string(1025, 'n')), "Property or Tag name should be maximum 1024 bytes.");
  EXPECT_EQ(named(std::string(512, 'n') + std::string(257, '\xc3') + std::string(257, '\xa9')),
            "Property or Tag name should be maximum 1024 bytes.");
  EXPECT_EQ(named(""), "");
  const std::string refused = "Property or Tag name must not contain control characters, '.', '$', '#' or space.";
  for (const char* bad : {"a.b", "$a", "a$", "a#", "a b", " ", "\x1f", "\t", "x\xc2\x80", "x\xc2\x9f"}) {
    EXPECT_EQ(named(bad), refused) << bad;
    EXPECT_EQ(named(bad, TwinPart::kTags), refused) << bad;
  }
  for (const char* good : {"\x7f", "\xc2\xa0", "\xc3\x80", "a-b_c*^!()/\\\"'", "\xf0\x9f\x9a\x80"}) {
    EXPECT_EQ(named(good), "") << good;
  }
  EXPECT_EQ(named("#", TwinPart::kReported), "");
  EXPECT_EQ(named(".", TwinPart::kReported),
            "Property or Tag name must not contain control characters, '.', '$' or space.");
  EXPECT_NE(refusal(check_twin_values(parse(R"({"a":[[{"b.c":1}]]})"), TwinPart::kTags)), "") << "inside arrays too";
}

TEST(TwinLimits, Texts) {
  EXPECT_EQ(refusal(check_twin_values(of_text(std::string(4096, 'x')), TwinPart::kDesired)), "");
  EXPECT_EQ(refusal(check_twin_values(of_text(std::string(4097, 'x')), TwinPart::kDesired)),
            "Property or Tag value should be maximum 4096 bytes.");
}

TEST(TwinLimits, Depth) {
  EXPECT_EQ(refusal(check_twin_values(nested(10), TwinPart::kDesired)), "");
  EXPECT_EQ(refusal(check_twin_values(nested(11), TwinPart::kDesired)),
            "Property or Tag objects should be nested maximum 10 levels deep.");
}

TEST(TwinLimits, SizeIsCountedByTheRules) {
  // 1 + 8, 1 + 4, 1 + 0 for the object, inside it 1 + 3 characters; é is one, a control character none; the array 8
  // + 4.
  const Object o = parse(R"({"a":12345,"b":true,"c":{"d":"\u00e9\u0001xy"},"":[1.5,false]})");
  const size_t counted = 9 + 5 + 1 + 4 + 12;
  Object fitted = o;
  std::string filler(4096, 'x');
  size_t left = limits::kTwinTagsSizeMax - counted;
  for (int i = 0; left > 0; ++i) {
    const size_t n = std::min<size_t>(left, 4097);
    fitted.append(std::string(1, static_cast<char>('m' + i)), filler.substr(0, n - 1));
    left -= n;
  }
  EXPECT_EQ(refusal(check_twin_size(fitted, TwinPart::kTags)), "");
  fitted.append("z", "");
  EXPECT_EQ(refusal(check_twin_size(fitted, TwinPart::kTags)), "The size of tags should be maximum 8192 bytes.");
  EXPECT_EQ(refusal(check_twin_size(fitted, TwinPart::kDesired)), "");
}

// 8 texts of 4095 characters behind names of one: 32 KB exactly.
Object full_section() {
  Object o;
  for (int i = 0; i < 8; ++i) o.append(std::string(1, static_cast<char>('a' + i)), std::string(4095, 'x'));
  return o;
}

TEST(TwinLimits, TheWholeSectionCountsNotThePatch) {
  Twin twin;
  ASSERT_TRUE(patch_reported(twin, full_section(), {}, kNow));
  const auto more = patch_reported(twin, parse(R"({"i":""})"), {}, kNow);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().message, "The size of properties.reported should be maximum 32768 bytes.");
  EXPECT_EQ(twin.reported.version, 2U);
  EXPECT_TRUE(patch_reported(twin, parse(R"({"a":null,"i":""})"), {}, kNow)) << "room is made in the same patch";

  TwinInput input;
  input.desired = full_section();
  ASSERT_TRUE(patch_twin(twin, input, kNow));
  input.desired->append("i", "");
  const auto replaced = replace_twin(twin, input, kNow);
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().message, "The size of properties.desired should be maximum 32768 bytes.");
}

// Containers, control characters and digits count nothing or little; what is stored is bounded all the same.
TEST(TwinLimits, NothingCountsNothing) {
  const Value digits = json::Number{"1." + std::string(5000, '0')};
  for (const Value& item : {Value(json::Array()), Value(Object()), digits, Value(std::string(4000, '\x01'))}) {
    const size_t one = std::max<size_t>(json::to_text(item).size() / 6, 2);
    Object o;
    o.append("a", json::Array(limits::kTwinSectionTextBytesMax / one + 2, item));
    Twin twin;
    EXPECT_FALSE(patch_reported(twin, o, {}, kNow)) << json::to_text(item).substr(0, 10);
  }
}

TEST(TwinLimits, APatchOfManyNamesTakesNoLongTime) {
  std::string first = "{";
  for (int i = 0; i < 4000; ++i) first += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":true";
  first += "}";
  Twin twin;
  ASSERT_TRUE(patch_reported(twin, parse(first), {}, kNow)) << "16 KB of values and 15 KB of names";
  std::string second = "{";
  for (int i = 0; i < 24000; ++i) second += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":null";
  ASSERT_TRUE(patch_reported(twin, parse(second + ",\"left\":1}"), {}, kNow));
  EXPECT_EQ(twin.reported.values, R"({"left":1})");
  EXPECT_EQ(twin.reported.metadata,
            R"({"$lastUpdated":"2026-08-15T12:00:00Z","left":{"$lastUpdated":"2026-08-15T12:00:00Z"}})");
}

// With many members there is an index; the outcome is the same.
TEST(TwinMerge, LargeObjectsMergeLikeSmallOnes) {
  Object values;
  for (int i = 0; i < 100; ++i) values.append("k" + std::to_string(i), i);
  Object metadata;
  merge_properties(values, metadata, parse(R"({"k7":{"x":1},"k50":null,"new":2,"k99":null})"), {"t", 5});
  EXPECT_EQ(values.size(), 99U);
  EXPECT_EQ(*values.find("k7"), *json::parse(R"({"x":1})"));
  EXPECT_EQ(values.find("k50"), nullptr);
  EXPECT_EQ((values.end() - 1)->name, "new");
  EXPECT_EQ(json::to_text(metadata),
            R"({"$lastUpdated":"t","$lastUpdatedVersion":5,"k7":{"$lastUpdated":"t","$lastUpdatedVersion":5,)"
            R"("x":{"$lastUpdated":"t","$lastUpdatedVersion":5}},"new":{"$lastUpdated":"t","$lastUpdatedVersion":5}})");
}

}  // namespace
}  // namespace nave::hub
