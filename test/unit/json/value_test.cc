#include "json/value.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace nave::json {
namespace {

TEST(JsonObject, KeepsOrderAndReplacesInPlace) {
  Object o;
  o.set("b", 1);
  o.set("a", 2);
  o.set("b", "new");
  ASSERT_EQ(o.size(), 2U);
  EXPECT_EQ(o.begin()->name, "b");
  EXPECT_EQ(*o.find("b"), Value("new"));
  EXPECT_EQ(o.find("c"), nullptr);
  EXPECT_TRUE(o.erase("b"));
  EXPECT_FALSE(o.erase("b"));
  EXPECT_EQ(o.size(), 1U);
}

TEST(JsonObject, OfRepeatedNamesTheLastValueStaysAtTheFirstPlace) {
  std::vector<Member> members;
  members.push_back({"x", 1});
  members.push_back({"y", 2});
  members.push_back({"x", 3});
  members.push_back({"z", 4});
  members.push_back({"x", 5});
  const Object o = object_of(std::move(members));
  ASSERT_EQ(o.size(), 3U);
  EXPECT_EQ(o.begin()[0].name, "x");
  EXPECT_EQ(o.begin()[0].value, Value(5));
  EXPECT_EQ(o.begin()[1].name, "y");
  EXPECT_EQ(o.begin()[2].name, "z");
}

TEST(JsonValue, TypesAreExclusive) {
  EXPECT_TRUE(Value().is_null());
  EXPECT_NE(Value(true).if_bool(), nullptr);
  EXPECT_EQ(Value(true).if_number(), nullptr);
  EXPECT_NE(Value("s").if_string(), nullptr);
  EXPECT_NE(Value(Array{}).if_array(), nullptr);
  EXPECT_NE(Value(Object{}).if_object(), nullptr);
  EXPECT_EQ(Value("true").if_bool(), nullptr);
}

TEST(JsonValue, IntegersAreExactOrNothing) {
  EXPECT_EQ(Value(int64_t{-5}).to_int64(), -5);
  EXPECT_EQ(Value(Number{"9223372036854775807"}).to_int64(), INT64_MAX);
  EXPECT_EQ(Value(Number{"9223372036854775808"}).to_int64(), std::nullopt);
  EXPECT_EQ(Value(Number{"1.0"}).to_int64(), std::nullopt);
  EXPECT_EQ(Value(Number{"1e2"}).to_int64(), std::nullopt);
  EXPECT_EQ(Value("1").to_int64(), std::nullopt);
}

TEST(JsonValue, EqualityIsBySpellingAndOrder) {
  EXPECT_NE(Value(Number{"1.0"}), Value(Number{"1"}));
  Object ab, ba;
  ab.set("a", 1);
  ab.set("b", 2);
  ba.set("b", 2);
  ba.set("a", 1);
  EXPECT_NE(Value(ab), Value(ba));
  EXPECT_EQ(Value(ab), Value(ab));
}

}  // namespace
}  // namespace nave::json
