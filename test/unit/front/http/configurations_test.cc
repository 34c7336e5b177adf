// /configurations (reference/service-rest.md §5, §15): every rule over the API.
#include "hub/configuration/limits.h"
#include "unit/front/http/configurations_fixture.h"

namespace nave::test {
namespace {

TEST_F(HttpConfigurations, WhatACreateAnswers) {
  const Response made = put("fw", R"({"id":"fw","content":{"deviceContent":{"properties.desired.fw":{"v":1}},
      "modulesContent":null,"moduleContent":null},"etag":"*","targetCondition":"tags.x='y'","priority":10,
      "labels":{"k":"v"},"schemaVersion":"2.0","metrics":{"queries":{"m1":"SELECT deviceId FROM devices"}}})");
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(made.header("ETag"), "\"MQ==\"");
  const std::string now = format_iso8601(shard.clock.utc());
  EXPECT_EQ(
      made.body,
      R"({"id":"fw","schemaVersion":"2.0","labels":{"k":"v"},"content":{"deviceContent":{"properties.desired.fw":)"
      R"({"v":1}}},"contentType":null,"targetCondition":"tags.x='y'","createdTimeUtc":")" +
          now + R"(","lastUpdatedTimeUtc":")" + now +
          R"(","priority":10,"systemMetrics":{"results":{"appliedCount":0,"targetedCount":0},"queries":{)"
          R"("targetedCount":"select deviceId from devices where tags.x='y'","appliedCount":)"
          R"("select deviceId from devices where configurations.[[fw]].status = 'Applied'"}},)"
          R"("metrics":{"results":{},"queries":{"m1":"SELECT deviceId FROM devices"}},"etag":"MQ=="})");
  EXPECT_EQ(put_device("min", "{}", "").text("etag"), "MQ==");
  const json::Value least = get("min").json();
  EXPECT_TRUE(least.if_object()->find("labels")->is_null());
  EXPECT_TRUE(least.if_object()->find("schemaVersion")->is_null());
  EXPECT_EQ(json::to_text(*least.if_object()->find("metrics")), R"({"results":{},"queries":{}})");
  EXPECT_EQ(*least.if_object()->find("priority")->to_int64(), 0);
}

TEST_F(HttpConfigurations, PreconditionsInEverySpelling) {
  const std::string body = device_content("{}", "");
  EXPECT_EQ(refusal(put("c", body, {{"If-Match", "*"}})), "404 ConfigurationNotFound");
  EXPECT_EQ(put("c", body).status, 200);
  EXPECT_EQ(refusal(put("c", body)), "409 ConfigurationAlreadyExists");
  int n = 1;
  for (const char* tag : {"\"MQ==\"", "Mg==", "*", "\"*\"", "W/\"NQ==\""}) {
    const Response updated = put("c", body, {{"If-Match", tag}});
    EXPECT_EQ(updated.status, 200) << tag;
    ++n;
  }
  EXPECT_EQ(get("c").header("ETag"), "\"Ng==\"") << n;
  for (const char* tag : {"\"MQ==\"", "MQ==", "nonsense", "\"!\""}) {
    EXPECT_EQ(refusal(put("c", body, {{"If-Match", tag}})), "412 PreconditionFailed") << tag;
    EXPECT_EQ(refusal(remove("c", {{"If-Match", tag}})), "412 PreconditionFailed") << tag;
  }
  EXPECT_EQ(remove("c", {{"If-Match", "Ng=="}}).status, 204);
  EXPECT_EQ(refusal(remove("c")), "404 ConfigurationNotFound");
  EXPECT_EQ(refusal(get("c")), "404 ConfigurationNotFound");
  for (const char* tag : {"", "*", "\"*\""}) {
    EXPECT_EQ(put("c", body).status, 200);
    EXPECT_EQ(remove("c", {{"If-Match", tag}}).status, 204) << tag;
  }
}

TEST_F(HttpConfigurations, IdsContentsConditionsAndMetricsThatAreRefused) {
  const std::string body = device_content("{}", "");
  for (const char* id : {"Upper", "a.b", "a$", "a(b", "%C3%A9"}) {
    EXPECT_EQ(refusal(put(id, body)), "400 ArgumentInvalid") << id;
    EXPECT_EQ(refusal(get(id)), "400 ArgumentInvalid") << id;
  }
  EXPECT_EQ(put("a-1+_*!'%25", body).status, 200);
  EXPECT_EQ(put(std::string(128, 'a'), body).status, 200);
  EXPECT_EQ(refusal(put(std::string(129, 'a'), body)), "400 ArgumentInvalid");
  EXPECT_EQ(refusal(put("c", R"({"id":"d","content":{"deviceContent":{}}})")), "400 ArgumentInvalid");

  for (const char* content :
       {R"({})",
        R"({"content":null})",
        R"({"content":{}})",
        R"({"content":[]})",
        R"({"content":{"deviceContent":null}})",
        R"({"content":{"deviceContent":{},"moduleContent":{}}})",
        R"({"content":{"deviceContent":[]}})",
        R"({"content":{"deviceContent":{"properties.reported":{}}}})",
        R"({"content":{"deviceContent":{"desired":{}}}})",
        R"({"content":{"deviceContent":{"properties.desired":1}}})",
        R"({"content":{"deviceContent":{"properties.desired.":1}}})",
        R"({"content":{"deviceContent":{"properties.desired.a..b":1}}})",
        R"({"content":{"deviceContent":{"properties.desiredx":{}}}})",
        R"({"content":{"deviceContent":{"properties.desired.a$b":1}}})",
        R"({"content":{"deviceContent":{"properties.desired.a":[null]}}})",
        R"({"content":{"modulesContent":{}}})",
        R"({"content":{"modulesContent":{"m":{}}}})",
        R"({"content":{"modulesContent":{"$edgeAgent":1}}})",
        R"({"content":{"modulesContent":{"$edgeAgent":{},"$other":{}}}})",
        R"({"content":{"modulesContent":{"$edgeAgent":{"properties.desired.runtime":{}}}}})",
        R"({"content":{"modulesContent":{"$edgeAgent":{},"$edgeHub":{"properties.desired":{}}}}})"}) {
    EXPECT_EQ(refusal(put("c", content)), "400 InvalidConfigurationContent") << content;
  }
  for (const char* condition : {"properties.desired.a = 1", "status = 'enabled'", "capabilities.iotEdge = true",
                                "tags.a = ", "moduleId = 'm'", "connectionState = 'Connected'", "nonsense.a = 1",
                                "FROM devices.modules WHERE tags.a = 1", "SELECT * FROM devices"}) {
    const Response r = put_device("c", "{}", R"("targetCondition":")" + std::string(condition) + '"');
    EXPECT_EQ(refusal(r), "400 InvalidConfigurationTargetCondition") << condition;
    EXPECT_EQ(r.text("Message").find("ErrorCode:InvalidConfigurationTargetCondition;Invalid targetCondition. It must "
                                     "be a filter condition based on 'deviceId', 'tags', or 'properties.reported'. It "
                                     "contains: "),
              0U);
  }
  const std::string module = R"({"content":{"moduleContent":{}},"targetCondition":")";
  EXPECT_EQ(refusal(put("c", module + "tags.a = 1\"}")), "400 InvalidConfigurationTargetCondition");
  EXPECT_EQ(refusal(put("c", module + "*\"}")), "400 InvalidConfigurationTargetCondition");
  EXPECT_EQ(put("mod", module + "from Devices.Modules where moduleId = 'm' and tags.a = 1\"}").status, 200);

  for (const char* queries_of : {R"({"queries":{"a":1}})", R"({"queries":{"a":""}})", R"({"queries":{"":"select *"}})",
                                 R"({"queries":[]})", R"({"queries":{"a":"delete everything"}})",
                                 R"({"queries":{"1":"select *","2":"select *","3":"select *","4":"select *",)"
                                 R"("5":"select *","6":"select *"}})"}) {
    EXPECT_EQ(refusal(put_device("c", "{}", R"("metrics":)" + std::string(queries_of))),
              "400 InvalidConfigurationCustomMetricsQuery")
        << queries_of;
  }
  for (const char* rest : {R"("priority":-1)", R"("priority":1.5)", R"("priority":"1")", R"("priority":2147483648)",
                           R"("labels":{"a":1})", R"("labels":"a")", R"("schemaVersion":1)"}) {
    EXPECT_EQ(refusal(put_device("c", "{}", rest)), "400 ArgumentInvalid") << rest;
  }
  EXPECT_EQ(put_device("most", "{}", R"("priority":2147483647)").status, 200);
}

TEST_F(HttpConfigurations, AHundredAndNotOneMore) {
  for (size_t i = 0; i < hub::kConfigurationsMax; ++i) {
    ASSERT_EQ(put_device("c" + std::to_string(i), "{}", "").status, 200);
  }
  EXPECT_EQ(refusal(put_device("more", "{}", "")), "413 ConfigurationCountLimitExceeded");
  EXPECT_EQ(put_device("c0", "{}", "", {{"If-Match", "*"}}).status, 200);
  EXPECT_EQ(remove("c0").status, 204);
  EXPECT_EQ(put_device("more", "{}", "").status, 200);
  EXPECT_EQ(metrics.gauge("configurations", "").value(), 100);
}

TEST_F(HttpConfigurations, TheListIsABareArrayAndIgnoresTop) {
  (void)put_device("b", "{}", "");
  (void)put_device("a", "{}", "");
  const Response all = send("GET", "/configurations?top=1&api-version=2021-04-12");
  EXPECT_EQ(all.status, 200);
  EXPECT_EQ(all.body, "[" + get("a").body + "," + get("b").body + "]");
  EXPECT_EQ(send("GET", "/configurations/?api-version=2021-04-12").body, all.body);
}

TEST_F(HttpConfigurations, AnotherContentInAnUpdateIsIgnored) {
  (void)put_device("c", R"({"properties.desired.a":1})", R"("priority":1)");
  const Response updated =
      put("c", R"({"content":{"modulesContent":{"$edgeAgent":{}}},"priority":2,"targetCondition":"*"})",
          {{"If-Match", "*"}});
  ASSERT_EQ(updated.status, 200);
  const json::Value body = updated.json();
  EXPECT_EQ(json::to_text(*body.if_object()->find("content")), R"({"deviceContent":{"properties.desired.a":1}})");
  EXPECT_EQ(*body.if_object()->find("priority")->to_int64(), 2);
  EXPECT_EQ(refusal(put("c", "{}", {{"If-Match", "*"}})), "400 InvalidConfigurationContent");
}

TEST_F(HttpConfigurations, ATwinIsTargetedWithdrawnAndLeftAlone) {
  make("d");
  patch("d", R"({"tags":{"x":"y"},"properties":{"desired":{"own":1,"fw":{"old":true}}}})");
  EXPECT_EQ(version("d"), "2");
  (void)put_device("fw", R"({"properties.desired.fw":{"v":1}})", R"("targetCondition":"tags.x='y'")");
  EXPECT_EQ(desired("d"), R"({"own":1,"fw":{"v":1}})") << "the path is replaced, siblings stay";
  EXPECT_EQ(statuses("d"), R"({"fw":{"status":"Applied"}})");
  EXPECT_EQ(version("d"), "3");
  patch("d", R"({"tags":{"other":1}})");
  EXPECT_EQ(version("d"), "3") << "nothing to be changed, nothing is written";
  patch("d", R"({"tags":{"x":"z"}})");
  EXPECT_EQ(statuses("d"), "");
  EXPECT_EQ(desired("d"), R"({"own":1,"fw":{"v":1}})");
  patch("d", R"({"tags":{"x":"y"}})");
  EXPECT_EQ(statuses("d"), R"({"fw":{"status":"Applied"}})");
  EXPECT_EQ(version("d"), "3");
  EXPECT_EQ(remove("fw").status, 204);
  EXPECT_EQ(statuses("d"), "");
  EXPECT_EQ(desired("d"), R"({"own":1,"fw":{"v":1}})");
}

TEST_F(HttpConfigurations, NewDevicesReportsAndConditionsAreFollowed) {
  (void)put_device("all", R"({"properties.desired.a":1})", R"("targetCondition":"*")");
  (void)put_device("low", R"({"properties.desired.warn":true})",
                   R"("targetCondition":"properties.reported.level < 5")");
  make("d");
  EXPECT_EQ(desired("d"), R"({"a":1})");
  report({"d", ""}, R"({"level":3})");
  EXPECT_EQ(desired("d"), R"({"a":1,"warn":true})");
  EXPECT_EQ(statuses("d"), R"({"all":{"status":"Applied"},"low":{"status":"Applied"}})");
  report({"d", ""}, R"({"level":7})");
  EXPECT_EQ(statuses("d"), R"({"all":{"status":"Applied"}})");
  EXPECT_EQ(put_device("low", "{}", R"("targetCondition":"properties.reported.level < 9")", {{"If-Match", "*"}}).status,
            200);
  EXPECT_EQ(statuses("d"), R"({"all":{"status":"Applied"},"low":{"status":"Applied"}})");
  (void)put_device("all", "{}", "", {{"If-Match", "*"}});
  EXPECT_EQ(statuses("d"), R"({"low":{"status":"Applied"}})") << "an empty condition targets nothing";
}

TEST_F(HttpConfigurations, TheHigherPriorityWinsThenTheLaterOne) {
  make("d");
  (void)put_device("low", R"({"properties.desired.a":"low","properties.desired.b":"low"})",
                   R"("targetCondition":"*","priority":1)");
  (void)put_device("high", R"({"properties.desired.a":"high"})", R"("targetCondition":"*","priority":2)");
  EXPECT_EQ(desired("d"), R"({"a":"high","b":"low"})");
  EXPECT_EQ(statuses("d"), R"({"high":{"status":"Applied"},"low":{"status":"Applied"}})");
  shard.clock.advance(std::chrono::seconds(1));
  (void)put_device("later", R"({"properties.desired.a":"later"})", R"("targetCondition":"*","priority":2)");
  EXPECT_EQ(desired("d"), R"({"a":"later","b":"low"})");
  EXPECT_EQ(statuses("d"), R"({"high":{"status":"Targeted"},"later":{"status":"Applied"},"low":{"status":"Applied"}})");
  (void)remove("later");
  EXPECT_EQ(desired("d"), R"({"a":"high","b":"low"})") << "the next one again";
  (void)put_device("low", "{}", R"("targetCondition":"*","priority":3)", {{"If-Match", "*"}});
  EXPECT_EQ(desired("d"), R"({"a":"low","b":"low"})");
  EXPECT_EQ(statuses("d"), R"({"high":{"status":"Targeted"},"low":{"status":"Applied"}})");
}

TEST_F(HttpConfigurations, AWholeDocumentReplacesAllOfIt) {
  make("d");
  patch("d", R"({"properties":{"desired":{"own":1}}})");
  (void)put_device("whole", R"({"properties.desired":{"a":{"x":1},"n":null}})", R"("targetCondition":"*")");
  EXPECT_EQ(desired("d"), R"({"a":{"x":1}})");
  (void)put_device("part", R"({"properties.desired.a.y":2})", R"("targetCondition":"*","priority":1)");
  EXPECT_EQ(desired("d"), R"({"a":{"x":1,"y":2}})");
}

TEST_F(HttpConfigurations, WhatDoesNotFitIsTargetedOnly) {
  make("d");
  const std::string text(4000, 'x');
  std::string members;
  for (int i = 0; i < 5; ++i) members += (i > 0 ? "," : "") + ("\"k" + std::to_string(i)) + R"(":")" + text + '"';
  patch("d", R"({"properties":{"desired":{"own":{)" + members + "}}}}");
  (void)put_device("big", R"({"properties.desired.big":{)" + members + "}}", R"("targetCondition":"*")");
  EXPECT_EQ(statuses("d"), R"({"big":{"status":"Targeted"}})");
  EXPECT_EQ(version("d"), "2");
}

TEST_F(HttpConfigurations, ModuleConfigurations) {
  make("d");
  ASSERT_EQ(send("PUT", "/devices/d/modules/m?api-version=2021-04-12", R"({"moduleId":"m"})").status, 200);
  (void)put("mod", R"({"content":{"moduleContent":{"properties.desired.a":1}},
      "targetCondition":"FROM devices.modules WHERE moduleId = 'm' AND tags.x = 1"})");
  EXPECT_EQ(statuses("d/modules/m"), "");
  patch("d/modules/m", R"({"tags":{"x":1}})");
  EXPECT_EQ(desired("d/modules/m"), R"({"a":1})");
  EXPECT_EQ(statuses("d/modules/m"), R"({"mod":{"status":"Applied"}})");
  EXPECT_EQ(statuses("d"), "");
  const json::Value shown = *get("mod").json().if_object()->find("systemMetrics");
  EXPECT_EQ(
      json::to_text(shown),
      R"({"results":{"appliedCount":1,"targetedCount":1},"queries":{"targetedCount":"select deviceId, moduleId )"
      R"(from devices.modules where moduleId = 'm' AND tags.x = 1","appliedCount":"select deviceId, moduleId from )"
      R"(devices.modules where configurations.[[mod]].status = 'Applied'"}})");
}

TEST_F(HttpConfigurations, ResultsAreCountedNow) {
  for (const char* id : {"a", "b", "c"}) make(id);
  patch("a", R"({"tags":{"x":1}})");
  (void)put_device("c1", R"({"properties.desired.p":1})",
                   R"("targetCondition":"tags.x = 1","metrics":{"queries":{"all":"SELECT deviceId FROM devices",
                   "none":"select *","two":"SELECT TOP 2 deviceId FROM devices","groups":"SELECT tags.x, COUNT() FROM devices GROUP BY tags.x"}})");
  const auto results = [&](const char* kind) {
    return json::to_text(*get("c1").json().if_object()->find(kind)->if_object()->find("results"));
  };
  EXPECT_EQ(results("systemMetrics"), R"({"appliedCount":1,"targetedCount":1})");
  EXPECT_EQ(results("metrics"), R"({"all":3,"groups":2,"none":0,"two":2})");
  patch("b", R"({"tags":{"x":1}})");
  EXPECT_EQ(results("systemMetrics"), R"({"appliedCount":2,"targetedCount":2})");
  const Response query =
      send("POST", "/devices/query?api-version=2021-04-12",
           R"({"query":"select deviceId from devices where configurations.[[c1]].status = 'Applied'"})");
  EXPECT_EQ(query.body, R"([{"deviceId":"a"},{"deviceId":"b"}])");
  const Response whole = send("POST", "/devices/query?api-version=2021-04-12",
                              R"({"query":"select configurations from devices where deviceId = 'a'"})");
  EXPECT_EQ(whole.body, R"([{"configurations":{"c1":{"status":"Applied"}}}])");
}

TEST_F(HttpConfigurations, TestQueriesSaysWhatIsWrong) {
  const auto ask = [&](const std::string& body) {
    return send("POST", "/configurations/testQueries?api-version=2021-04-12", body);
  };
  EXPECT_EQ(ask("{}").body, "{}");
  EXPECT_EQ(ask(R"({"targetCondition":"tags.a = 1","customMetricQueries":{"m":"SELECT deviceId FROM devices"}})").body,
            "{}");
  EXPECT_EQ(ask(R"({"targetCondition":"from devices.modules where tags.a = 1"})").body, "{}");
  EXPECT_NE(ask(R"({"targetCondition":"*"})").text("targetConditionError"), "");
  EXPECT_NE(ask(R"({"targetCondition":"status = 1"})").text("targetConditionError"), "");
  const json::Value errors = ask(R"({"customMetricQueries":{"bad":"select *","good":"select * from devices"}})").json();
  const json::Object& by_name = *errors.if_object()->find("customMetricQueryErrors")->if_object();
  EXPECT_NE(by_name.find("bad"), nullptr);
  EXPECT_EQ(by_name.size(), 1U);
  EXPECT_EQ(refusal(ask(R"({"customMetricQueries":{"m":1}})")), "400 ArgumentInvalid");
}

}  // namespace
}  // namespace nave::test
