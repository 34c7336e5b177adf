#include "query/rows.h"

#include <gtest/gtest.h>

#include "unit/query/run.h"

namespace nave::query::test {
namespace {

constexpr const char* kDocuments =
    R"([{"deviceId":"a","tags":{"g":1,"n":10}},{"deviceId":"b","tags":{"g":1.0,"n":"x"}},)"
    R"({"deviceId":"c","tags":{"g":"1","n":2.5}},{"deviceId":"d"},{"deviceId":"e","tags":{"g":{"k":1}}}])";

TEST(QueryRows, KeysOfItems) {
  const char* d = R"([{"deviceId":"a","tags":{"x":{"y":[7,8]}},"properties":{"desired":{"$version":3}}}])";
  EXPECT_EQ(run("SELECT DEVICEID, tags.x.y, tags.x.y[1] AS second, Properties.Desired FROM devices", d),
            R"({"deviceId":"a","y":[7,8],"second":8,"desired":{"$version":3}})");
  EXPECT_EQ(run("SELECT tags.x.y[0] FROM devices", d), R"({"y":7})");
  EXPECT_EQ(run("SELECT deviceId AS [[my \"id\"]] FROM devices", d), R"({"my \"id\"":"a"})");
  EXPECT_EQ(run("SELECT COUNT(), deviceId AS id, SUM(version) AS s, MAX(version) FROM devices GROUP BY deviceId", d),
            R"({"$1":1,"id":"a","s":0})");
}

TEST(QueryRows, OfOneKeyTheLastThatIsDefinedWins) {
  const char* d = R"([{"tags":{"a":{"v":1},"b":{"v":2}}},{"tags":{"a":{"v":1}}}])";
  EXPECT_EQ(run("SELECT tags.a.v, deviceId, tags.b.v FROM devices", d), R"({"v":2} {"v":1})");
}

TEST(QueryRows, NullStaysUndefinedGoes) {
  EXPECT_EQ(run("SELECT tags.a, tags.b FROM devices", R"([{"tags":{"a":null}},{}])"), R"({"a":null} {})");
}

TEST(QueryRows, GroupsInOrderOfAppearance) {
  EXPECT_EQ(run("SELECT tags.g, COUNT() AS n, SUM(tags.n) AS s FROM devices GROUP BY tags.g", kDocuments),
            R"({"g":1,"n":2,"s":10} {"g":"1","n":1,"s":2.5} {"n":1,"s":0} {"g":{"k":1},"n":1,"s":0})");
}

TEST(QueryRows, GroupByWithoutAggregatesIsDistinct) {
  EXPECT_EQ(run("SELECT tags.g FROM devices GROUP BY tags.g", kDocuments), R"({"g":1} {"g":"1"} {} {"g":{"k":1}})");
}

TEST(QueryRows, SeveralKeysMakeTuples) {
  const char* d = R"([{"tags":{"a":"x"}},{"status":"x"},{"tags":{"a":"x"}}])";
  EXPECT_EQ(run("SELECT COUNT() AS n FROM devices GROUP BY tags.a, status", d), R"({"n":2} {"n":1})");
}

TEST(QueryRows, AggregatesOfNothing) {
  EXPECT_EQ(run("SELECT COUNT(*), SUM(tags.n), AVG(tags.n), MIN(tags.n), MAX(tags.n) FROM devices", "[]"),
            R"({"$1":0,"$2":0})");
  EXPECT_EQ(run("SELECT COUNT() FROM devices GROUP BY tags.g", "[]"), "");
}

TEST(QueryRows, AggregatesOfNumbersOnly) {
  EXPECT_EQ(run("SELECT AVG(tags.n) AS a, MIN(tags.n) AS i, MAX(tags.n) AS x FROM devices", kDocuments),
            R"({"a":6.25,"i":2.5,"x":10})");
  EXPECT_EQ(run("SELECT MIN(tags.n) AS i, MAX(tags.n) AS x, SUM(tags.n) AS s FROM devices",
                R"([{"tags":{"n":-5}},{"tags":{"n":-7}}])"),
            R"({"i":-7,"x":-5,"s":-12})");
}

TEST(QueryRows, TopLimitsRowsAndGroups) {
  EXPECT_EQ(run("SELECT TOP 1 deviceId FROM devices", kDocuments), R"({"deviceId":"a"})");
  EXPECT_EQ(run("SELECT TOP 0 * FROM devices", kDocuments), "");
  EXPECT_EQ(run("SELECT TOP 1 tags.g FROM devices GROUP BY tags.g", kDocuments), R"({"g":1})");
}

TEST(QueryRows, GroupsKnowWhatTheyTake) {
  const auto statement = parse("SELECT deviceId FROM devices GROUP BY deviceId");
  Groups groups(*statement);
  const auto one = json::parse(R"({"deviceId":"a"})");
  const auto two = json::parse(R"({"deviceId":"b"})");
  groups.add(JsonDocument(*one));
  const size_t bytes = groups.bytes();
  EXPECT_GT(bytes, 0U);
  groups.add(JsonDocument(*one));
  EXPECT_EQ(groups.bytes(), bytes);
  groups.add(JsonDocument(*two));
  EXPECT_EQ(groups.bytes(), 2 * bytes);
}

}  // namespace
}  // namespace nave::query::test
