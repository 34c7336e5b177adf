#include "hub/configuration/target.h"

#include <gtest/gtest.h>

#include "query/parser.h"

namespace nave::hub {
namespace {

using Queries = std::vector<std::pair<std::string, std::string>>;

TEST(Target, WhatAConditionReads) {
  const auto reads = [](const char* condition, ContentKind kind = ContentKind::kDevice) {
    const auto target = compile_target(condition, kind);
    return target ? static_cast<int>(target->reads) : -1;
  };
  EXPECT_EQ(reads(""), 0);
  EXPECT_EQ(reads("*"), 0);
  EXPECT_EQ(reads("deviceId = 'a'"), 0);
  EXPECT_EQ(reads("id = 'a'"), 0);
  EXPECT_EQ(reads("tags.a = 1"), kAspectTags);
  EXPECT_EQ(reads("devices.tags.a = 1"), kAspectTags);
  EXPECT_EQ(reads("NOT IS_DEFINED(tags)"), kAspectTags);
  EXPECT_EQ(reads("Properties.Reported.a IN [1, 2]"), kAspectReported);
  EXPECT_EQ(reads("tags.a = 1 OR (deviceId = 'x' AND properties.reported.b > 1)"), kAspectTags | kAspectReported);
  EXPECT_EQ(reads("from devices.modules where moduleId = 'm'", ContentKind::kModule), 0);
  for (const char* bad :
       {"tags.a = status", "properties.desired.a = 1", "properties.a = 1", "moduleId = 'm'", "IS_DEFINED(properties)",
        "version > 1", "deviceScope = 'x'", "configurations.a.status = 'x'", "myProp = 1"}) {
    EXPECT_EQ(reads(bad), -1) << bad;
  }
  EXPECT_FALSE(compile_target("", ContentKind::kModule)->statement);
  EXPECT_FALSE(compile_target(" \n", ContentKind::kDevice)->statement);
}

TEST(Target, TheQueriesOfEveryKind) {
  EXPECT_EQ(system_metric_queries("fw", "tags.x='y'", ContentKind::kDevice),
            (Queries{{"targetedCount", "select deviceId from devices where tags.x='y'"},
                     {"appliedCount", "select deviceId from devices where configurations.[[fw]].status = 'Applied'"}}));
  EXPECT_EQ(system_metric_queries("fw", "", ContentKind::kDevice).front().second, "");
  EXPECT_EQ(system_metric_queries("fw", "*", ContentKind::kDevice).front().second, "select deviceId from devices");
  EXPECT_EQ(system_metric_queries("m", "FROM devices.modules  WHERE tags.a = 1", ContentKind::kModule).front().second,
            "select deviceId, moduleId from devices.modules where tags.a = 1");
  const std::string agents =
      "select deviceId from devices.modules where moduleId = '$edgeAgent' and configurations.[[dep]].status = "
      "'Applied'";
  const std::string reported = agents +
                               " and properties.desired.$version = properties.reported.lastDesiredVersion and "
                               "properties.reported.lastDesiredStatus.code ";
  EXPECT_EQ(system_metric_queries("dep", "tags.a = 1", ContentKind::kModules),
            (Queries{{"targetedCount", "select deviceId from devices where capabilities.iotEdge = true and tags.a = 1"},
                     {"appliedCount", agents},
                     {"reportedSuccessfulCount", reported + "= 200"},
                     {"reportedFailedCount", reported + "!= 200"}}));
  EXPECT_EQ(system_metric_queries("dep", "*", ContentKind::kModules).front().second,
            "select deviceId from devices where capabilities.iotEdge = true");
  EXPECT_EQ(system_metric_queries("dep", "tags.a = 1 OR tags.b = 2", ContentKind::kModules).front().second,
            "select deviceId from devices where capabilities.iotEdge = true and (tags.a = 1 OR tags.b = 2)");
}

// Others run them: `az` shows metrics so.
TEST(Target, EveryQueryCanBeRead) {
  const std::pair<ContentKind, const char*> all[] = {
      {ContentKind::kDevice, "tags.a = 1"},
      {ContentKind::kDevice, "*"},
      {ContentKind::kModule, "FROM devices.modules WHERE tags.a = 1 OR tags.b = 2"},
      {ContentKind::kModules, "tags.a = 1 or tags.b = 2"}};
  for (const auto& [kind, condition] : all) {
    for (const auto& [name, text] : system_metric_queries("a-1+_*!'%", condition, kind)) {
      EXPECT_TRUE(query::parse(text)) << text;
    }
  }
}

}  // namespace
}  // namespace nave::hub
