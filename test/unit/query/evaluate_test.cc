#include "query/evaluate.h"

#include <gtest/gtest.h>

#include <array>

#include "unit/query/run.h"

namespace nave::query::test {
namespace {

// tags.no is undefined.
constexpr const char* kDocument =
    R"({"deviceId":"d","tags":{"n":null,"t":true,"f":false,"one":1,"two":2,"s":"abc","a":[1,"x",[1],null],"o":{"k":1}}})";

std::string worth_here(const std::string& condition) {
  return worth(condition, kDocument);
}

TEST(QueryEvaluate, ThreeValuedLogic) {
  const std::array<std::string, 3> operands = {"true", "false", "tags.no"};
  const std::array<std::string, 9> conjunctions = {"true",  "false",     "undefined", "false",    "false",
                                                   "false", "undefined", "false",     "undefined"};
  const std::array<std::string, 9> disjunctions = {"true",      "true", "true",      "true",     "false",
                                                   "undefined", "true", "undefined", "undefined"};
  for (size_t i = 0; i < 9; ++i) {
    const std::string& a = operands[i / 3];
    const std::string& b = operands[i % 3];
    EXPECT_EQ(worth_here(a + " AND " + b), conjunctions[i]) << a << " AND " << b;
    EXPECT_EQ(worth_here(a + " OR " + b), disjunctions[i]) << a << " OR " << b;
  }
  EXPECT_EQ(worth_here("NOT true"), "false");
  EXPECT_EQ(worth_here("NOT false"), "true");
  EXPECT_EQ(worth_here("NOT tags.no"), "undefined");
  EXPECT_EQ(worth_here("NOT 3"), "undefined");
  EXPECT_EQ(worth_here("'x' OR true"), "true");
  EXPECT_EQ(worth_here("'x' AND true"), "undefined");
}

TEST(QueryEvaluate, ComparisonsByType) {
  for (const char* op : {"=", "!=", "<>", "<", "<=", ">", ">="}) {
    const std::string between = std::string(" ") + op + " ";
    for (const char* one : {"tags.no", "tags.a", "tags.o", "undefined", "[1]"}) {
      for (const char* other : {"1", "'x'", "null", "true", "tags.no", "tags.a"}) {
        EXPECT_EQ(worth_here(one + between + other), "undefined") << one << between << other;
        EXPECT_EQ(worth_here(other + between + one), "undefined") << other << between << one;
      }
    }
  }
  for (const char* op : {"<", "<=", ">", ">="}) {
    const std::string between = std::string(" ") + op + " ";
    for (const auto& [a, b] : {std::pair("true", "false"), std::pair("null", "null"), std::pair("1", "'1'"),
                               std::pair("null", "1"), std::pair("true", "1")}) {
      EXPECT_EQ(worth_here(a + between + b), "undefined") << a << between << b;
    }
  }
  EXPECT_EQ(worth_here("1 = '1'"), "false");
  EXPECT_EQ(worth_here("1 != '1'"), "true");
  EXPECT_EQ(worth_here("tags.n = null"), "true");
  EXPECT_EQ(worth_here("tags.n = false"), "false");
  EXPECT_EQ(worth_here("tags.t = true"), "true");
  EXPECT_EQ(worth_here("tags.s = 'ABC'"), "false");
  EXPECT_EQ(worth_here("'B' < 'a'"), "true");
  EXPECT_EQ(worth_here("'' < 'a' AND 'a' < 'aa'"), "true");
}

TEST(QueryEvaluate, StringsAreOrderedByUtf16CodeUnits) {
  EXPECT_EQ(worth_here("'🚀' < '\\uFF5E'"), "true");  // by code points it is the other way round
  EXPECT_EQ(worth_here("'\\uD7FF' < '🚀'"), "true");
  EXPECT_EQ(worth_here("'é' < '€'"), "true");
  EXPECT_EQ(worth_here("'🚀' < '🚁'"), "true");
}

TEST(QueryEvaluate, TimesAreOrderedAsInstants) {
  EXPECT_EQ(worth_here("'2026-01-10T08:00:00.5Z' > '2026-01-10T08:00:00Z'"), "true");
  EXPECT_EQ(worth_here("'2026-01-10T10:00:00+02:00' <= '2026-01-10T08:00:00.000Z'"), "true");
  EXPECT_EQ(worth_here("'2026-01-10T08:00:00.5Z' > '2026-01-10T08:00:00 o''clock'"), "true");  // one is no time
  EXPECT_EQ(worth_here("'2026-01-10T08:00:00Z' = '2026-01-10T08:00:00.0Z'"), "false");         // equality is of texts
}

TEST(QueryEvaluate, Membership) {
  EXPECT_EQ(worth_here("tags.one IN [2, 1]"), "true");
  EXPECT_EQ(worth_here("tags.one IN [2, '1']"), "false");
  EXPECT_EQ(worth_here("tags.one IN []"), "false");
  EXPECT_EQ(worth_here("tags.one NIN []"), "true");
  EXPECT_EQ(worth_here("tags.no IN []"), "undefined");
  EXPECT_EQ(worth_here("tags.no NIN [1]"), "undefined");
  EXPECT_EQ(worth_here("tags.one NOT IN [2, 3]"), "true");
  EXPECT_EQ(worth_here("tags.one IN [2, tags.no]"), "undefined");
  EXPECT_EQ(worth_here("tags.one IN [tags.no, 1]"), "true");
  EXPECT_EQ(worth_here("tags.o IN [1]"), "undefined");
}

TEST(QueryEvaluate, Arithmetic) {
  EXPECT_EQ(worth_here("1 + 2 * 3 = 7"), "true");
  EXPECT_EQ(worth_here("(1 + 2) * 3 = 9"), "true");
  EXPECT_EQ(worth_here("10 - 3 - 2 = 5"), "true");
  EXPECT_EQ(worth_here("7 % 4 = 3 AND -7 / 2 = -3.5"), "true");
  for (const char* e : {"1 / 0", "1 % 0", "1 + 'x'", "1 + tags.no", "1 - null", "true * 1", "-'x'", "1e308 * 10"}) {
    EXPECT_EQ(worth_here(e), "undefined") << e;
  }
}

TEST(QueryEvaluate, NotBindsLooserThanComparisons) {
  EXPECT_EQ(worth_here("NOT tags.one = 2"), "true");
  EXPECT_EQ(worth_here("NOT true = false"), "true");
  EXPECT_EQ(worth_here("NOT NOT tags.one IN [1]"), "true");
  EXPECT_EQ(worth_here("false AND false OR true"), "true");
  EXPECT_EQ(worth_here("true OR false AND false"), "true");
}

TEST(QueryEvaluate, TypePredicates) {
  const std::array<std::pair<const char*, const char*>, 7> rows = {{
      // IS_DEFINED IS_NULL IS_BOOL IS_NUMBER IS_STRING IS_ARRAY IS_OBJECT IS_PRIMITIVE
      {"tags.no", "--------"},
      {"tags.n", "xx-----x"},
      {"tags.f", "x-x----x"},
      {"tags.one", "x--x---x"},
      {"tags.s", "x---x--x"},
      {"tags.a", "x----x--"},
      {"tags.o", "x-----x-"},
  }};
  constexpr const char* kNames[] = {"IS_DEFINED", "is_null",  "Is_Bool",   "IS_NUMBER",
                                    "IS_STRING",  "IS_ARRAY", "IS_OBJECT", "IS_PRIMITIVE"};
  for (const auto& [path, marks] : rows) {
    for (size_t i = 0; i < 8; ++i) {
      EXPECT_EQ(worth_here(std::string(kNames[i]) + " (" + path + ")"), marks[i] == 'x' ? "true" : "false")
          << kNames[i] << path;
    }
  }
}

TEST(QueryEvaluate, StringFunctions) {
  EXPECT_EQ(worth_here("STARTSWITH(tags.s, 'ab') AND endswith(tags.s, 'bc')"), "true");
  EXPECT_EQ(worth_here("STARTSWITH(tags.s, 'AB')"), "false");
  EXPECT_EQ(worth_here("STARTSWITH(tags.s, '')"), "true");
  EXPECT_EQ(worth_here("STARTSWITH(tags.one, '1')"), "undefined");
  EXPECT_EQ(worth_here("ENDSWITH(tags.s, 1)"), "undefined");
  EXPECT_EQ(worth_here("NOT STARTSWITH(tags.no, 'x')"), "undefined");
}

TEST(QueryEvaluate, ArrayContains) {
  EXPECT_EQ(worth_here("ARRAY_CONTAINS(tags.a, 1)"), "true");
  EXPECT_EQ(worth_here("ARRAY_CONTAINS(tags.a, null)"), "true");
  EXPECT_EQ(worth_here("ARRAY_CONTAINS(tags.a, '1')"), "false");
  EXPECT_EQ(worth_here("ARRAY_CONTAINS(tags.a, tags.no)"), "undefined");
  EXPECT_EQ(worth_here("ARRAY_CONTAINS(tags.a, tags.a)"), "undefined");
  EXPECT_EQ(worth_here("ARRAY_CONTAINS(tags.s, 'a')"), "undefined");
  EXPECT_EQ(worth_here("ARRAY_CONTAINS(tags.no, 'a')"), "undefined");
  EXPECT_EQ(worth_here("ARRAY_CONTAINS(['d', 'e'], deviceId)"), "true");
  EXPECT_EQ(worth_here("ARRAY_CONTAINS(tags.unknown = 1, 1)"), "undefined");
}

TEST(QueryEvaluate, Paths) {
  EXPECT_EQ(worth_here("tags.a[1] = 'x' AND tags['s'] = 'abc' AND tags.o['k'] = 1"), "true");
  EXPECT_EQ(worth_here("tags.a[2][0] = 1"), "true");
  EXPECT_EQ(worth_here("IS_DEFINED(tags.a[4]) OR IS_DEFINED(tags.o[0]) OR IS_DEFINED(tags.s.x)"), "false");
  EXPECT_EQ(worth_here("IS_DEFINED(one)"), "false");  // the full path is required
  EXPECT_EQ(worth_here("DEVICEID = 'd' AND Id = 'd' AND devices.DeviceId = 'd' AND devices.modules.deviceid = 'd'"),
            "true");
  EXPECT_EQ(worth("capabilities.IOTEDGE = true AND Properties.Desired.a = 1",
                  R"({"capabilities":{"iotEdge":true},"properties":{"desired":{"a":1}}})"),
            "true");
  EXPECT_EQ(worth("properties.desired.A = 1", R"({"properties":{"desired":{"a":1}}})"), "undefined");
  EXPECT_EQ(worth("statusUpdatedTime = '0001-01-01T00:00:00Z'", R"({"statusUpdateTime":"0001-01-01T00:00:00Z"})"),
            "true");
}

TEST(QueryEvaluate, FieldsThatAreNotQueryable) {
  const char* document = R"({"managedBy":"x","generationId":"1","authentication":{"type":"sas"}})";
  EXPECT_EQ(worth("managedBy = 'x'", document), "undefined");
  EXPECT_EQ(worth("generationId = '1'", document), "undefined");
  EXPECT_EQ(worth("authentication.type = 'sas'", document), "undefined");
}

// C# asks for 'Completed', the row says 'completed'.
TEST(QueryEvaluate, StatesOfJobRowsIgnoreCase) {
  const char* rows = R"([{"deviceId":"d","status":"completed","jobType":"scheduleUpdateTwin"}])";
  EXPECT_NE(run("SELECT * FROM devices.jobs WHERE status = 'Completed' AND jobType IN ['SCHEDULEUPDATETWIN']", rows),
            "");
  EXPECT_EQ(run("SELECT * FROM devices.jobs WHERE deviceId = 'D'", rows), "");
  EXPECT_EQ(run("SELECT * FROM devices WHERE status = 'Completed'", rows), "");
}

TEST(QueryEvaluate, HugeNumbersOfADocument) {
  EXPECT_EQ(worth("tags.a > 1e308 AND tags.b < 1e-300", R"({"tags":{"a":1e999,"b":1e-999}})"), "true");
}

}  // namespace
}  // namespace nave::query::test
