// Edge deployments, and contents that are applied to one device (reference/service-rest.md §15.3, §15.5).
#include "unit/front/http/configurations_fixture.h"

namespace nave::test {
namespace {

class HttpDeployments : public HttpConfigurations {};

constexpr const char* kBase = R"({"$edgeAgent":{"properties.desired":{"schemaVersion":"1.1","modules":{"m1":{"v":1}}}},
    "$edgeHub":{"properties.desired":{"routes":{"r":"FROM /* INTO $upstream"}}},"m1":{"properties.desired":{"a":1}}})";
constexpr const char* kEdge = R"({"capabilities":{"iotEdge":true}})";

TEST_F(HttpDeployments, ABaseDeploymentMakesModules) {
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

TEST_F(HttpDeployments, OneBaseAndLayersOnTopOfIt) {
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

TEST_F(HttpDeployments, AModuleOfADeploymentComesBackAndForeignOnesStay) {
  make("gw", kEdge);
  ASSERT_EQ(send("PUT", "/devices/gw/modules/mine?api-version=2021-04-12", R"({"moduleId":"mine"})").status, 200);
  (void)put_edge("dep", kBase, R"("targetCondition":"*")");
  EXPECT_EQ(modules("gw"), "$edgeAgent $edgeHub mine m1");
  EXPECT_EQ(send("DELETE", "/devices/gw/modules/m1?api-version=2021-04-12", "", {{"If-Match", "*"}}).status, 204);
  EXPECT_EQ(modules("gw"), "$edgeAgent $edgeHub mine m1");
  EXPECT_EQ(desired("gw/modules/m1"), R"({"a":1})");
}

TEST_F(HttpDeployments, ApplyIsDoneWhenItIsAnswered) {
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

TEST_F(HttpDeployments, ASecondApplyMeanwhileIsAConflict) {
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

TEST_F(HttpDeployments, AnAppliedManifestStaysUntilTheDeploymentIsEvaluatedAgain) {
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
