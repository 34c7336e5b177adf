#include "hub/configuration/merge.h"

#include <gtest/gtest.h>

#include <random>

#include "hub/twin/merge.h"
#include "json/parse.h"
#include "json/write.h"

namespace nave::hub {
namespace {

json::Object object(const std::string& text) {
  return *json::parse(text).value().if_object();
}

std::string applied(const std::string& document, const DesiredWrite& write) {
  json::Object out = object(document);
  apply_write(out, write);
  return json::to_text(std::move(out));
}

TEST(ConfigurationMerge, APathIsReplacedAndSiblingsStay) {
  const json::Value value = object(R"({"x":1})");
  EXPECT_EQ(applied(R"({"a":{"old":1},"b":2})", {{"a"}, value}), R"({"a":{"x":1},"b":2})");
  EXPECT_EQ(applied(R"({"a":{"old":1}})", {{"a", "n"}, value}), R"({"a":{"old":1,"n":{"x":1}}})");
  EXPECT_EQ(applied(R"({"a":5})", {{"a", "n"}, value}), R"({"a":{"n":{"x":1}}})") << "what is in the way gives way";
  EXPECT_EQ(applied("{}", {{"a", "b", "c"}, true}), R"({"a":{"b":{"c":true}}})");
  EXPECT_EQ(applied(R"({"a":1})", {{}, value}), R"({"x":1})") << "the whole document";
  EXPECT_EQ(applied(R"({"a":{"b":1,"c":2}})", {{"a", "b"}, nullptr}), R"({"a":{"c":2}})");
  EXPECT_EQ(applied(R"({"a":1})", {{"b", "c"}, nullptr}), R"({"a":1})");
}

TEST(ConfigurationMerge, WhatIsOverridden) {
  const auto write = [](std::vector<std::string> path) { return DesiredWrite{std::move(path), true}; };
  EXPECT_TRUE(is_overridden(write({"a"}), write({"a"})));
  EXPECT_TRUE(is_overridden(write({"a", "b"}), write({"a"})));
  EXPECT_TRUE(is_overridden(write({}), write({})));
  EXPECT_FALSE(is_overridden(write({"a"}), write({"a", "b"})));
  EXPECT_FALSE(is_overridden(write({}), write({"a"})));
  EXPECT_FALSE(is_overridden(write({"a"}), write({"b"})));
}

TEST(ConfigurationMerge, TheOrderOfMembersIsNoDifferenceTheSpellingOfNumbersIs) {
  const auto patch = [](const char* from, const char* to) {
    return json::to_text(merge_patch(object(from), object(to)));
  };
  EXPECT_EQ(patch(R"({"a":1,"b":{"c":2,"d":3}})", R"({"b":{"d":3,"c":2},"a":1})"), "{}");
  EXPECT_EQ(patch(R"({"a":1})", R"({"a":1.0})"), R"({"a":1.0})");
  EXPECT_EQ(patch(R"({"a":{"x":1,"y":2},"b":1})", R"({"a":{"x":1,"z":3}})"), R"({"b":null,"a":{"y":null,"z":3}})");
  EXPECT_EQ(patch(R"({"a":[{"x":1,"y":2}]})", R"({"a":[{"y":2,"x":1}]})"), "{}");
  EXPECT_EQ(patch(R"({"a":{}})", R"({"a":1})"), R"({"a":1})");
  EXPECT_EQ(patch(R"({"a":1})", R"({"a":{}})"), R"({"a":{}})");
}

json::Object random_object(std::mt19937& random, int depth) {
  json::Object out;
  const size_t members = depth == 0 ? random() % 60 : random() % 4;  // some are indexed
  for (size_t i = 0; i < members; ++i) {
    const std::string name = "k" + std::to_string(random() % 50);
    if (depth < 3 && random() % 2 == 0) {
      out.set(name, random_object(random, depth + 1));
    } else {
      out.set(name, static_cast<int64_t>(random() % 3));
    }
  }
  return out;
}

// The patch leads from the one to the other, as a device will follow it.
TEST(ConfigurationMerge, ThePatchMakesTheOneOfTheOther) {
  std::mt19937 random(7);
  for (int i = 0; i < 200; ++i) {
    json::Object from = random_object(random, 0);
    const json::Object to = random_object(random, 0);
    merge_tags(from, merge_patch(from, to));
    EXPECT_TRUE(merge_patch(from, to).empty()) << json::to_text(from) << json::to_text(to);
  }
}

}  // namespace
}  // namespace nave::hub
