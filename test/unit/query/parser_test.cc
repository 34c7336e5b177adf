#include "query/parser.h"

#include <gtest/gtest.h>

#include "unit/query/run.h"

namespace nave::query::test {
namespace {

constexpr const char* kSelect = "SELECT * FROM devices WHERE ";

std::string problem(const std::string& query) {
  const auto statement = parse(query);
  return statement ? "" : describe(statement.error(), query);
}

std::string repeated(const std::string& part, size_t n) {
  std::string out;
  for (size_t i = 0; i < n; ++i) out += part;
  return out;
}

TEST(QueryParser, SaysWhereAndWhy) {
  EXPECT_EQ(problem(""), "Line 1:0 Unexpected end of the query");
  EXPECT_EQ(problem("SELECT * FROM devices WHERE tags.a ? 3"), "Line 1:35 Unexpected character at input '? 3'");
  EXPECT_EQ(problem("SELECT *\nFROM devices\n ORDER BY deviceId"), "Line 3:1 Unexpected input at 'ORDER'");
  EXPECT_EQ(problem("SELECT * FROM c"), "Line 1:14 Unexpected input at 'c'");
  EXPECT_EQ(problem("SELECT * FROM devices WHERE CONTAINS(tags.a, 'b')"), "Line 1:28 Invalid function 'CONTAINS'");
  EXPECT_EQ(problem("SELECT * FROM devices WHERE IS_DEFINED()"),
            "Line 1:28 Wrong number of arguments for 'IS_DEFINED'");
  EXPECT_EQ(problem("SELECT LEN(a) FROM devices"), "Line 1:7 Invalid aggregate 'LEN'");
  EXPECT_EQ(problem("SELECT tags.a, COUNT() FROM devices"), "Line 1:7 'a' is neither an aggregate nor in GROUP BY");
  EXPECT_EQ(problem("SELECT deviceId FROM devices.jobs"), "Line 1:7 devices.jobs can only be selected with *");
}

TEST(QueryParser, CountsCharactersNotBytes) {
  EXPECT_EQ(problem("SELECT * FROM devices WHERE 'é' ? 3"), "Line 1:32 Unexpected character at input '? 3'");
}

TEST(QueryParser, QuotesOnlyTheBeginningOfTheInput) {
  const std::string text = problem(std::string(kSelect) + "?" + repeated("é", 100));
  EXPECT_LE(text.size(), 100U);
  EXPECT_TRUE(json::parse('"' + text + '"')) << "still UTF-8";
}

// Everything that other SQL dialects have and this one has not (§2).
TEST(QueryParser, RefusesWhatTheLanguageLacks) {
  for (const char* query : {
           "SELECT * FROM devices ORDER BY deviceId",
           "SELECT DISTINCT tags.a FROM devices",
           "SELECT tags.a, COUNT() FROM devices GROUP BY tags.a HAVING COUNT() > 1",
           "SELECT * FROM devices WHERE deviceId LIKE 'a%'",
           "SELECT * FROM devices WHERE tags.a BETWEEN 1 AND 2",
           "SELECT * FROM devices LIMIT 3",
           "SELECT VALUE tags.a FROM devices",
           "SELECT * FROM devices d",
           "SELECT * FROM devices d WHERE d.tags.a = 1",
           "SELECT * FROM (SELECT * FROM devices)",
           "SELECT * FROM devices JOIN c IN devices.tags",
           "SELECT CASE WHEN true THEN 1 END FROM devices",
           "SELECT *, deviceId FROM devices",
           "SELECT deviceId, * FROM devices",
           "SELECT * FROM devices GROUP BY tags.a",
           "SELECT COUNT(tags.a) FROM devices",
           "SELECT SUM() FROM devices",
           "SELECT tags.a + 1 FROM devices",
           "SELECT FROM devices",
           "SELECT * FROM enrollments",
           "SELECT * FROM devices;",
           "SELECT TOP deviceId FROM devices",
           "SELECT TOP -1 * FROM devices",
           "SELECT TOP 1.5 * FROM devices",
           "SELECT TOP 1e300 * FROM devices",
           "SELECT * FROM devices WHERE",
           "SELECT * FROM devices WHERE tags.a == 1",
           "SELECT * FROM devices WHERE tags.a = 1 = 1",
           "SELECT * FROM devices WHERE tags.a || 'x' = 'ax'",
           "SELECT * FROM devices WHERE tags.a ?? 1 = 1",
           "SELECT * FROM devices WHERE tags. = 1",
           "SELECT * FROM devices WHERE tags.[a] = 1",
           "SELECT * FROM devices WHERE tags[-1] = 1",
           "SELECT * FROM devices WHERE tags[1.5] = 1",
           "SELECT * FROM devices WHERE tags.a IN [1,]",
           "SELECT * FROM devices WHERE tags.a = @p",
           "SELECT * FROM devices WHERE (tags.a = 1",
           "SELECT * FROM devices WHERE NOT",
           "SELECT * FROM devices WHERE - - 1 = 1",
           "SELECT * FROM devices WHERE /* tags.a = 1",
           "SELECT * FROM devices WHERE tags.a = 'x",
           "SELECT * FROM devices WHERE tags.[[a = 1",
           "SELECT * FROM devices WHERE tags.[[]] = 1",
           "SELECT * FROM devices WHERE tags.a = '\\x'",
           "SELECT * FROM devices WHERE tags.a = '\\u12'",
           "SELECT * FROM devices WHERE tags.a = '\\uD83D'",
           "SELECT * FROM devices WHERE tags.a = '\\uDE80'",
           "SELECT * FROM devices WHERE tags.a = 0x",
           "SELECT * FROM devices WHERE tags.a = 12ab",
           "SELECT * FROM devices WHERE tags.a = 1e999",
           "SELECT * FROM devices WHERE tags.a-b = 1 AND",
       }) {
    EXPECT_FALSE(parse(query)) << query;
  }
}

TEST(QueryParser, RefusesFunctionsOfRoutingConditions) {
  for (const char* name :
       {"STARTS_WITH", "ENDS_WITH", "CONTAINS", "CONCAT", "LENGTH", "LOWER", "UPPER", "SUBSTRING", "INDEX_OF", "ABS",
        "CEILING", "FLOOR", "POWER", "EXP", "SIGN", "SQUARE", "SQRT", "AS_NUMBER"}) {
    const std::string query = kSelect + std::string(name) + "(deviceId)";
    EXPECT_EQ(problem(query), "Line 1:28 Invalid function '" + std::string(name) + "'");
  }
}

TEST(QueryParser, LengthAtAndPastTheEdge) {
  const std::string query = "SELECT * FROM devices";
  EXPECT_EQ(problem(query + std::string(kQueryCharsMax - query.size(), ' ')), "");
  EXPECT_EQ(problem(query + std::string(kQueryCharsMax - query.size() + 1, ' ')),
            "Line 1:0 The query is longer than 8192 characters");
  // Characters, not bytes.
  const std::string text = std::string(kSelect) + "tags.a = '" + repeated("é", 8000) + "'";
  EXPECT_EQ(problem(text), "");
}

TEST(QueryParser, DepthAtAndPastTheEdge) {
  const auto nested = [](size_t n) { return kSelect + repeated("(", n) + "true" + repeated(")", n); };
  EXPECT_EQ(problem(nested(kDepthMax - 1)), "");
  EXPECT_NE(problem(nested(kDepthMax)).find("nested too deeply"), std::string::npos);
  const auto negated = [](size_t n) { return kSelect + repeated("NOT ", n) + "true"; };
  EXPECT_EQ(problem(negated(kDepthMax - 1)), "");
  EXPECT_NE(problem(negated(kDepthMax)).find("nested too deeply"), std::string::npos);
  const auto added = [](size_t n) { return kSelect + ("1" + repeated("+1", n)) + " = 2"; };
  EXPECT_EQ(problem(added(kDepthMax - 2)), "");
  EXPECT_NE(problem(added(kDepthMax - 1)).find("nested too deeply"), std::string::npos);
  const auto path = [](size_t n) { return kSelect + ("tags" + repeated(".a", n)); };
  EXPECT_EQ(problem(path(kDepthMax - 1)), "");
  EXPECT_NE(problem(path(kDepthMax + 1)), "");
}

TEST(QueryParser, LongListsOfAlternativesAreNotDeep) {
  EXPECT_EQ(problem(kSelect + ("tags.a = 1" + repeated(" OR tags.a = 1", 500))), "");
  EXPECT_EQ(problem(kSelect + ("tags.a IN [1" + repeated(",2", 3000) + "]")), "");
}

TEST(QueryParser, PartsAtAndPastTheEdge) {
  // A path, the elements, and IN itself.
  const auto list = [](size_t n) { return "SELECT * FROM devices WHERE id IN[1" + repeated(",1", n - 1) + "]"; };
  EXPECT_EQ(problem(list(kNodesMax - 20)), "");
  EXPECT_NE(problem(kSelect + ("[" + repeated("[],", 2600) + "1]")), "");
  const auto items = [](size_t n) { return "SELECT id" + repeated(",id", n - 1) + " FROM devices"; };
  EXPECT_EQ(problem(items(kItemsMax)), "");
  EXPECT_NE(problem(items(kItemsMax + 1)), "");
}

TEST(QueryParser, ReservedWordsBehindADotNeedNoBrackets) {
  EXPECT_TRUE(parse("SELECT tags.group, tags.order AS by FROM devices WHERE tags.select.from = tags.[[where]]"));
  EXPECT_FALSE(parse("SELECT group FROM devices"));
}

TEST(QueryParser, QuotedWordsAreNeverKeywords) {
  EXPECT_FALSE(parse("SELECT * FROM devices [[WHERE]] true"));
  EXPECT_EQ(worth("[[tags]].[[my.dotted name]] = 1", R"({"tags":{"my.dotted name":1}})"), "true");
}

TEST(QueryParser, Strings) {
  EXPECT_EQ(worth(R"('it\'s' = "it's")", "{}"), "true");
  EXPECT_EQ(worth("'it''s' = \"it's\"", "{}"), "true");
  EXPECT_EQ(worth(R"('\u0041\u00e9\u20ac\ud83d\ude80' = 'Aé€🚀')", "{}"), "true");
  EXPECT_EQ(worth(R"(tags.a = '\b\f\n\r\t\/\\')", R"({"tags":{"a":"\b\f\n\r\t/\\"}})"), "true");
}

TEST(QueryParser, Numbers) {
  EXPECT_EQ(worth("0x1F = 31", "{}"), "true");
  EXPECT_EQ(worth("0XfF = 255.0", "{}"), "true");
  EXPECT_EQ(worth("2.5e-1 = 0.25", "{}"), "true");
  EXPECT_EQ(worth("-3 < 3", "{}"), "true");
}

std::string condition_problem(const std::string& condition) {
  const auto statement = parse_condition(condition);
  return statement ? "" : describe(statement.error(), condition);
}

TEST(QueryCondition, NamesItsCollection) {
  const auto all = parse_condition("*");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->collection, Collection::kDevices);
  EXPECT_FALSE(all->where);
  const auto some = parse_condition("tags.a = 'b' AND deviceId IN ['d']");
  ASSERT_TRUE(some);
  EXPECT_EQ(some->collection, Collection::kDevices);
  EXPECT_TRUE(some->where && some->selects_all());
  const auto modules = parse_condition("from Devices.Modules where moduleId = 'm'");
  ASSERT_TRUE(modules);
  EXPECT_EQ(modules->collection, Collection::kModules);
  EXPECT_TRUE(modules->where);
  EXPECT_FALSE(parse_condition("FROM devices.modules")->where);
}

TEST(QueryCondition, IsNoStatement) {
  EXPECT_EQ(condition_problem(""), "Line 1:0 Unexpected end of the query");
  EXPECT_EQ(condition_problem("* AND true"), "Line 1:2 Unexpected input at 'AND'");
  EXPECT_EQ(condition_problem("deviceId = 'a' GROUP BY deviceId"), "Line 1:15 Unexpected input at 'GROUP'");
  EXPECT_EQ(condition_problem("SELECT * FROM devices"), "Line 1:0 Unexpected input at 'SELECT'");
  EXPECT_EQ(condition_problem("FROM devices.jobs"), "Line 1:0 devices.jobs has no conditions");
  EXPECT_EQ(condition_problem("FROM devices.modules moduleId = 'm'"), "Line 1:21 Unexpected input at 'moduleId'");
}

}  // namespace
}  // namespace nave::query::test
