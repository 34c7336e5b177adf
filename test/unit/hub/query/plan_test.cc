#include "hub/query/plan.h"

#include <gtest/gtest.h>

#include "json/write.h"
#include "query/parser.h"

namespace nave::hub {
namespace {

struct Planned {
  query::Statement statement;
  QueryPlan plan;
};

Planned planned(const std::string& text, const std::vector<IndexedPath>& indexes = {}) {
  Planned out{query::parse(text).value(), {}};
  out.plan = make_plan(out.statement, indexes);
  return out;
}

bool written_only(const std::string& condition) {
  return planned("SELECT * FROM devices WHERE " + condition).plan.written_only;
}

TEST(QueryPlan, SkipsTwinsThatWereNeverWrittenOnlyIfTheyCannotMatch) {
  EXPECT_TRUE(written_only("tags.a = 'b'"));
  EXPECT_TRUE(written_only("properties.reported.a.b > 3"));
  EXPECT_TRUE(written_only("NOT tags.a = 'b'")) << "undefined is not true";
  EXPECT_TRUE(written_only("IS_DEFINED(properties.desired.a)"));
  EXPECT_TRUE(written_only("status = 'enabled' AND tags.a = 'b'")) << "one part decides";
  EXPECT_TRUE(written_only("nosuchfield = 1"));
  EXPECT_FALSE(written_only("NOT IS_DEFINED(tags.a)"));
  EXPECT_FALSE(written_only("status = 'enabled'"));
  EXPECT_FALSE(written_only("status = 'enabled' OR tags.a = 'b'"));
  EXPECT_FALSE(written_only("properties.desired.$version = 1")) << "every twin has one";
  EXPECT_FALSE(written_only("IS_DEFINED(properties.reported.$metadata.$lastUpdated)"));
  EXPECT_FALSE(written_only("IS_DEFINED(properties.reported)"));
  EXPECT_FALSE(planned("SELECT * FROM devices").plan.written_only);
}

TEST(QueryPlan, ReadsWhatIsSelected) {
  const auto needs = [](const std::string& query) {
    const QueryPlan plan = planned(query).plan;
    return std::string(plan.needs_identity ? "identity " : "") + (plan.needs_twin ? "twin" : "");
  };
  EXPECT_EQ(needs("SELECT * FROM devices"), "identity twin");
  EXPECT_EQ(needs("SELECT COUNT() FROM devices"), "");
  EXPECT_EQ(needs("SELECT tags.a FROM devices"), "twin");
  EXPECT_EQ(needs("SELECT SUM(properties.reported.a) FROM devices"), "twin");
  EXPECT_EQ(needs("SELECT status, COUNT() FROM devices GROUP BY status"), "identity twin");
}

TEST(QueryPlan, PutsTheCheapPartsFirst) {
  const auto first = [](const std::string& condition) {
    return planned("SELECT * FROM devices WHERE " + condition)
        .statement.where->children[0]
        .children[0]
        .path.steps[0]
        .name;
  };
  EXPECT_EQ(first("status = 'enabled' AND tags.a = 'b'"), "tags");
  EXPECT_EQ(first("NOT IS_DEFINED(tags.a) AND status = 'enabled'"), "status");
}

TEST(QueryPlan, KnowsItsCollection) {
  EXPECT_EQ(planned("SELECT * FROM devices").plan.kind, TwinScan::Kind::kDevices);
  EXPECT_EQ(planned("SELECT * FROM devices.modules").plan.kind, TwinScan::Kind::kModules);
}

const std::vector<IndexedPath> kIndexes = {{"tags", "a"}, {"properties", "reported", "n"}};

std::string explained(const std::string& text) {
  const Planned p = planned(text, kIndexes);
  return json::to_text(explain(p.plan, p.statement, kIndexes, {10, 9, 3}));
}

TEST(QueryPlan, TakesAnIndexForAnEqualityThatMustHold) {
  const auto index = [](const std::string& condition) {
    const auto match = planned("SELECT * FROM devices WHERE " + condition, kIndexes).plan.match;
    return match ? static_cast<int>(match->index) : -1;
  };
  EXPECT_EQ(index("tags.a = 'x'"), 0);
  EXPECT_EQ(index("5 = properties.reported.n"), 1);
  EXPECT_EQ(index("status = 'enabled' AND tags.a = 'x'"), 0);
  EXPECT_EQ(index("tags.a = 'x' OR status = 'enabled'"), -1);
  EXPECT_EQ(index("NOT tags.a = 'x'"), -1);
  EXPECT_EQ(index("tags.a != 'x'"), -1);
  EXPECT_EQ(index("tags.a = true"), -1) << "only texts and numbers are in it";
  EXPECT_EQ(index("tags.a.b = 'x'"), -1);
  EXPECT_EQ(index("tags.a = tags.b"), -1);
  EXPECT_EQ(index("tags.b = 'x'"), -1);
}

TEST(QueryPlan, ExplainsItself) {
  EXPECT_EQ(explained("SELECT * FROM devices WHERE tags.a = 'x'"),
            R"({"collection":"devices","reads":"the twins that the index names","index":"tags.a = 'x'",)"
            R"("rowsMost":null,"order":"by id, page by page"})");
  EXPECT_EQ(explained("SELECT COUNT() FROM devices WHERE tags.b = 'x'"),
            R"({"collection":"devices","reads":"every twin that was ever written to","index":null,)"
            R"("rowsMost":10,"order":"groups in the order of their first twin"})");
  EXPECT_EQ(explained("SELECT COUNT() FROM devices.modules"),
            R"({"collection":"devices.modules","reads":"every identity","index":null,)"
            R"("rowsMost":3,"order":"groups in the order of their first twin"})");
}

}  // namespace
}  // namespace nave::hub
