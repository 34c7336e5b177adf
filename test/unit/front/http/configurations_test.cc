// /configurations and applyConfigurationContent (reference/service-rest.md §5, §15): every rule over the API.
#include <gtest/gtest.h>

#include "hub/configuration/limits.h"
#include "json/write.h"
#include "unit/front/http/api_fixture.h"

namespace nave::test {
namespace {

class HttpConfigurations : public ApiFixture {
 protected:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  static std::string path(const std::string& id = "") {
    return "/configurations" + (id.empty() ? "" : "/" + id) + "?api-version=2021-04-12";
  }
  Response put(const std::string& id, const std::string& body, Headers headers = {}) {
    return send("PUT", path(id), body, std::move(headers));
  }
  // With the rest of the body behind the content.
  static std::string device_content(const std::string& content, const std::string& rest) {
    return R"({"content":{"deviceContent":)" + content + "}" + (rest.empty() ? "" : "," + rest) + "}";
  }
  Response put_device(const std::string& id, const std::string& content, const std::string& rest,
                      Headers headers = {}) {
    return put(id, device_content(content, rest), std::move(headers));
  }
  Response put_edge(const std::string& id, const std::string& modules, const std::string& rest) {
    return put(id, R"({"content":{"modulesContent":)" + modules + "}," + rest + "}");
  }
  Response get(const std::string& id) { return send("GET", path(id)); }
  Response remove(const std::string& id, Headers headers = {}) {
    return send("DELETE", path(id), "", std::move(headers));
  }
  void make(const std::string& id, const std::string& body = "{}") {
    ASSERT_EQ(send("PUT", "/devices/" + id + "?api-version=2021-04-12", body).status, 200);
  }
  void patch(const std::string& twin, const std::string& body) {
    ASSERT_EQ(send("PATCH", "/twins/" + twin + "?api-version=2021-04-12", body).status, 200);
  }
  void report(const IdentityKey& key, const std::string& body) {
    twins.patch_reported({key, store.find(key)->generation_id}, body, {}, shard.executor,
                         [](hub::HubResult<uint64_t> done) { EXPECT_TRUE(done); });
    shard.run_until_idle();
  }
  json::Value at(const std::string& twin, const std::vector<std::string>& names) {
    json::Value value = send("GET", "/twins/" + twin + "?api-version=2021-04-12").json();
    for (const std::string& name : names) {
      const json::Value* next = value.if_object() == nullptr ? nullptr : value.if_object()->find(name);
      if (next == nullptr) return {};
      value = json::Value(*next);
    }
    return value;
  }
  // Without what begins with '$'.
  std::string desired(const std::string& twin) {
    json::Value out = at(twin, {"properties", "desired"});
    out.if_object()->erase("$metadata");
    out.if_object()->erase("$version");
    return json::to_text(out);
  }
  std::string version(const std::string& twin) {
    return json::to_text(at(twin, {"properties", "desired", "$version"}));
  }
  std::string statuses(const std::string& twin) {
    const json::Value out = at(twin, {"configurations"});
    return out.is_null() ? "" : json::to_text(out);
  }
  static std::string refusal(const Response& r) {
    return std::to_string(r.status) + " " + r.header("iothub-errorcode");
  }
  std::string modules(const std::string& device) {
    std::string out;
    for (const hub::Identity& m : store.list_modules(device)) out += (out.empty() ? "" : " ") + m.key.module;
    return out;
  }
};

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

constexpr const char* kBase = R"({"$edgeAgent":{"properties.desired":{"schemaVersion":"1.1","modules":{"m1":{"v":1}}}},
    "$edgeHub":{"properties.desired":{"routes":{"r":"FROM /* INTO $upstream"}}},"m1":{"properties.desired":{"a":1}}})";
constexpr const char* kEdge = R"({"capabilities":{"iotEdge":true}})";

TEST_F(HttpConfigurations, ABaseDeploymentMakesModules) {
  make("gw", kEdge);
  make("leaf");
  const Response made = put_edge("dep", kBase, R"("targetCondition":"*","priority":10)");
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(modules("gw"), "$edgeAgent $edgeHub m1");
  EXPECT_EQ(desired("gw/modules/$edgeAgent"), R"({"schemaVersion":"1.1","modules":{"m1":{"v":1}}})");
  EXPECT_EQ(desired("gw/modules/m1"), R"({"a":1})");
  for (const char* twin : {"gw", "gw/modules/$edgeAgent", "gw/modules/$edgeHub", "gw/modules/m1"}) {
    EXPECT_EQ(statuses(twin), R"({"dep":{"status":"Applied"}})") << twin;
  }
  EXPECT_EQ(statuses("leaf"), "");
  const auto module = store.find({"gw", "m1"});
  EXPECT_EQ(module->managed_by, "IotEdge");
  EXPECT_EQ(module->authentication.primary_key.size(), 44U);
  const json::Value shown = *get("dep").json().if_object()->find("systemMetrics");
  EXPECT_EQ(json::to_text(*shown.if_object()->find("results")),
            R"({"appliedCount":1,"reportedFailedCount":0,"reportedSuccessfulCount":0,"targetedCount":1})");
  report({"gw", "$edgeAgent"}, R"({"lastDesiredVersion":2,"lastDesiredStatus":{"code":200}})");
  const json::Value later = *get("dep").json().if_object()->find("systemMetrics");
  EXPECT_EQ(json::to_text(*later.if_object()->find("results")),
            R"({"appliedCount":1,"reportedFailedCount":0,"reportedSuccessfulCount":1,"targetedCount":1})");
}

TEST_F(HttpConfigurations, OneBaseAndLayersOnTopOfIt) {
  make("gw", kEdge);
  (void)put_edge("base", kBase, R"("targetCondition":"*","priority":10)");
  (void)put_edge("layer", R"({"$edgeAgent":{"properties.desired.modules.m2":{"v":2}},
      "$edgeHub":{"properties.desired.routes.extra":"FROM /x INTO $upstream"},
      "m2":{"properties.desired":{"b":2}},"m1":{"properties.desired.c":3}})",
                 R"("targetCondition":"*","priority":20)");
  EXPECT_EQ(modules("gw"), "$edgeAgent $edgeHub m1 m2");
  EXPECT_EQ(desired("gw/modules/$edgeAgent"), R"({"schemaVersion":"1.1","modules":{"m1":{"v":1},"m2":{"v":2}}})");
  EXPECT_EQ(desired("gw/modules/m1"), R"({"a":1,"c":3})");
  EXPECT_EQ(statuses("gw"), R"({"base":{"status":"Applied"},"layer":{"status":"Applied"}})");
  // Not above the base.
  (void)put_edge("layer", kBase, R"("targetCondition":"*","priority":10)");
  EXPECT_EQ(send("PUT", path("layer"), R"({"content":{"modulesContent":{"$edgeAgent":{}}},"targetCondition":"*",
      "priority":10})",
                 {{"If-Match", "*"}})
                .status,
            200);
  EXPECT_EQ(statuses("gw"), R"({"base":{"status":"Applied"},"layer":{"status":"Targeted"}})");
  EXPECT_EQ(modules("gw"), "$edgeAgent $edgeHub m1") << "no longer listed, and made by a deployment";
  // Another base with a higher priority.
  (void)put_edge("other", R"({"$edgeAgent":{"properties.desired":{"modules":{}}},"m3":{}})",
                 R"("targetCondition":"*","priority":11)");
  EXPECT_EQ(modules("gw"), "$edgeAgent $edgeHub m3");
  EXPECT_EQ(statuses("gw"),
            R"({"base":{"status":"Targeted"},"layer":{"status":"Targeted"},"other":{"status":"Applied"}})");
  (void)remove("other");
  EXPECT_EQ(modules("gw"), "$edgeAgent $edgeHub m1");
  EXPECT_EQ(desired("gw/modules/m1"), R"({"a":1})");
  (void)remove("base");
  EXPECT_EQ(modules("gw"), "$edgeAgent $edgeHub m1") << "what was applied stays";
  EXPECT_EQ(statuses("gw/modules/$edgeAgent"), R"({"layer":{"status":"Targeted"}})");
  (void)remove("layer");
  for (const char* twin : {"gw", "gw/modules/$edgeAgent", "gw/modules/m1"}) EXPECT_EQ(statuses(twin), "") << twin;
}

TEST_F(HttpConfigurations, AModuleOfADeploymentComesBackAndForeignOnesStay) {
  make("gw", kEdge);
  ASSERT_EQ(send("PUT", "/devices/gw/modules/mine?api-version=2021-04-12", R"({"moduleId":"mine"})").status, 200);
  (void)put_edge("dep", kBase, R"("targetCondition":"*")");
  EXPECT_EQ(modules("gw"), "$edgeAgent $edgeHub mine m1");
  EXPECT_EQ(send("DELETE", "/devices/gw/modules/m1?api-version=2021-04-12", "", {{"If-Match", "*"}}).status, 204);
  EXPECT_EQ(modules("gw"), "$edgeAgent $edgeHub mine m1");
  EXPECT_EQ(desired("gw/modules/m1"), R"({"a":1})");
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

TEST_F(HttpConfigurations, ApplyIsDoneWhenItIsAnswered) {
  make("gw", kEdge);
  make("leaf");
  const auto apply = [&](const std::string& device, const std::string& body) {
    return send("POST", "/devices/" + device + "/applyConfigurationContent?api-version=2021-04-12", body);
  };
  const std::string base = kBase;
  const Response done = apply("gw", R"({"modulesContent":)" + base + "}");
  EXPECT_EQ(done.status, 204) << done.body;
  EXPECT_EQ(done.body, "");
  EXPECT_EQ(modules("gw"), "$edgeAgent $edgeHub m1");
  EXPECT_EQ(desired("gw/modules/m1"), R"({"a":1})");
  EXPECT_EQ(statuses("gw"), "");
  EXPECT_EQ(apply("gw", R"({"moduleContent":{"$edgeAgent":{"properties.desired":{}},"m2":{}}})").status, 204);
  EXPECT_EQ(modules("gw"), "$edgeAgent $edgeHub m2");
  const Response not_edge = apply("leaf", R"({"modulesContent":)" + base + "}");
  EXPECT_EQ(refusal(not_edge), "400 ArgumentInvalid");
  EXPECT_NE(not_edge.text("Message").find("Not an Azure IoT Edge device"), std::string::npos);
  EXPECT_EQ(apply("leaf", R"({"deviceContent":{"properties.desired.a":1}})").status, 204);
  EXPECT_EQ(desired("leaf"), R"({"a":1})");
  EXPECT_EQ(refusal(apply("nobody", R"({"modulesContent":)" + base + "}")), "404 DeviceNotFound");
  EXPECT_EQ(refusal(apply("gw", "{}")), "400 InvalidConfigurationContent");
}

TEST_F(HttpConfigurations, ASecondApplyMeanwhileIsAConflict) {
  make("gw", kEdge);
  std::vector<Response> answers;
  for (int i = 0; i < 2; ++i) {
    net::HttpRequest request;
    request.method = "POST";
    request.target = "/devices/gw/applyConfigurationContent?api-version=2021-04-12";
    request.headers.emplace_back("Authorization", token("iothubowner"));
    request.body = R"({"modulesContent":)" + std::string(kBase) + "}";
    api->handle(std::move(request), shard.context, [&](net::HttpResponse r) {
      answers.push_back({r.status, std::move(r.headers), std::move(r.body), r.close});
    });
  }
  shard.run_until_idle();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(refusal(answers[0]), "409 ApplyConfigurationAlreadyInProgressOnDevice");
  EXPECT_EQ(answers[1].status, 204);
}

TEST_F(HttpConfigurations, AnAppliedManifestStaysUntilTheDeploymentIsEvaluatedAgain) {
  make("gw", kEdge);
  (void)put_edge("dep", kBase, R"("targetCondition":"*")");
  EXPECT_EQ(send("POST", "/devices/gw/applyConfigurationContent?api-version=2021-04-12",
                 R"({"modulesContent":{"$edgeAgent":{"properties.desired.modules.m1":{"v":9}}}})")
                .status,
            204);
  EXPECT_EQ(desired("gw/modules/$edgeAgent"), R"({"schemaVersion":"1.1","modules":{"m1":{"v":9}}})");
  EXPECT_EQ(send("PUT", path("dep"), R"({"content":{"modulesContent":{"$edgeAgent":{}}},"targetCondition":"*",
      "priority":1})",
                 {{"If-Match", "*"}})
                .status,
            200);
  EXPECT_EQ(desired("gw/modules/$edgeAgent"), R"({"schemaVersion":"1.1","modules":{"m1":{"v":1}}})");
}

}  // namespace
}  // namespace nave::test
