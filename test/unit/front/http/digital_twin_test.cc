// Digital twins over REST: headers, preconditions, and commands that reach a device (reference/service-rest.md §17).
#include "hub/method/open_methods.h"
#include "unit/front/http/api_fixture.h"

namespace nave::test {
namespace {

const std::string kTwin = "/digitaltwins/d1?api-version=2020-09-30";

class Device final : public hub::Session {
 public:
  void end(hub::EndReason) override {}
  [[nodiscard]] bool still_authorized(const hub::Identity&) const override { return true; }
  void on_desired_changed(const hub::DesiredChange& change) override { desired = change.body; }
  hub::MethodDelivery deliver_method(const hub::MethodCommand& command, hub::MethodReply& reply) override {
    name = command.name;
    payload = command.payload;
    hub::MethodReply taken = std::move(reply);
    taken.answer(status, answer);
    return hub::MethodDelivery::kDelivered;
  }
  int status = 200;
  std::string answer, name, payload, desired;
};

class HttpDigitalTwinTest : public ApiFixture {
 public:
  HttpDigitalTwinTest() { (void)send("PUT", "/devices/d1?api-version=2021-04-12", "{}"); }
  void connect() { (void)sessions.claim({"d1", ""}, std::make_shared<hub::SessionLink>(shard.executor, device)); }
  Response patch(const std::string& body, const std::string& if_match = "") {
    return send("PATCH", kTwin, body, {{"If-Match", if_match}});
  }
  Response command(const std::string& path, const std::string& body, const std::string& more = "") {
    return send("POST", "/digitaltwins/d1" + path + "?api-version=2020-09-30" + more, body);
  }
  static void expect_error(const Response& r, int status, const std::string& name) {
    EXPECT_EQ(r.status, status) << r.body;
    EXPECT_EQ(r.header("iothub-errorcode"), name);
    EXPECT_TRUE(r.text("Message").starts_with("ErrorCode:" + name + ";")) << r.body;
  }
  static void expect_nested_error(const Response& r, int status, const std::string& name, int code) {
    EXPECT_EQ(r.status, status) << r.body;
    EXPECT_EQ(r.header("iothub-errorcode"), name);
    const json::Value inner = json::parse(r.text("Message")).value_or(json::Value());
    ASSERT_NE(inner.if_object(), nullptr) << r.body;
    EXPECT_EQ(inner.if_object()->find("errorCode")->to_int64(), code);
    EXPECT_TRUE(inner.if_object()->find("info")->is_null());
  }

  Device device;
};

TEST_F(HttpDigitalTwinTest, EveryDeviceHasOne) {
  const Response r = send("GET", kTwin);
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.body, R"({"$dtId":"d1","$metadata":{"$model":""}})");
  EXPECT_EQ(r.header("ETag"), "\"AAAAAAAAAAE=\"");
  EXPECT_EQ(r.header("ETag"), send("GET", "/twins/d1?api-version=2021-04-12").header("ETag"));
  expect_error(send("GET", "/digitaltwins/nobody?api-version=2020-09-30"), 404, "DeviceNotFound");
  expect_error(send("PATCH", "/digitaltwins/nobody?api-version=2020-09-30", "[]"), 404, "DeviceNotFound");
}

TEST_F(HttpDigitalTwinTest, APatchIsAnsweredWithHeadersAlone) {
  connect();
  const Response r = patch(R"([{"op":"add","path":"/thermostat1/targetTemperature","value":21.40}])");
  EXPECT_EQ(r.status, 202);
  EXPECT_EQ(r.body, "");
  EXPECT_EQ(r.header("ETag"), "\"AAAAAAAAAAI=\"");
  EXPECT_EQ(r.header("Location"), "https://hub1.example.test/digitaltwins/d1");
  EXPECT_EQ(send("GET", kTwin).header("ETag"), r.header("ETag"));
  EXPECT_EQ(device.desired, R"({"thermostat1":{"__t":"c","targetTemperature":21.40},"$version":2})");
  const std::string twin = send("GET", "/twins/d1?api-version=2021-04-12").body;
  EXPECT_NE(twin.find(R"("desired":{"thermostat1":{"__t":"c","targetTemperature":21.40},)"), std::string::npos) << twin;
}

TEST_F(HttpDigitalTwinTest, TheLocationIsAnAddress) {
  (void)send("PUT", "/devices/a%23b?api-version=2021-04-12", "{}");
  const Response r = send("PATCH", "/digitaltwins/a%23b?api-version=1", "[]");
  EXPECT_EQ(r.header("Location"), "https://hub1.example.test/digitaltwins/a%23b");
}

TEST_F(HttpDigitalTwinTest, Preconditions) {
  const std::string set = R"([{"op":"add","path":"/a","value":1}])";
  EXPECT_EQ(patch(set, "").status, 202);
  EXPECT_EQ(patch(set, "*").status, 202);
  EXPECT_EQ(patch(set, "\"*\"").status, 202);
  EXPECT_EQ(patch(set, "\"AAAAAAAAAAQ=\"").status, 202);
  EXPECT_EQ(patch(set, "AAAAAAAAAAU=").status, 202);
  for (const char* stale : {"\"AAAAAAAAAAU=\"", "AAAAAAAAAAU=", "\"nonsense\"", "nonsense"}) {
    expect_error(patch(set, stale), 412, "PreconditionFailed");
  }
  // The precondition comes before what the patch would mean.
  expect_error(patch(R"([{"op":"add","path":"/a/b","value":1}])", "\"AAAAAAAAAAU=\""), 412, "PreconditionFailed");
}

TEST_F(HttpDigitalTwinTest, WhatIsRefusedHasItsCode) {
  expect_error(patch(""), 400, "InvalidDigitalTwinJsonPatch");
  expect_error(patch("{}"), 400, "InvalidDigitalTwinJsonPatch");
  expect_error(patch("["), 400, "IotHubFormatError");
  expect_error(patch(R"([{"op":"add","path":"/a","value":[]}])"), 400, "InvalidDigitalTwinPayload");
  expect_error(patch(R"([{"op":"add","path":"/a","value":{"$metadata":1}}])"), 400, "InvalidDigitalTwinPatch");
  expect_error(patch(R"([{"op":"add","path":"/a/b/c","value":1}])"), 400, "InvalidDigitalTwinPatchPath");
  (void)patch(R"([{"op":"add","path":"/a","value":1}])");
  expect_error(patch(R"([{"op":"add","path":"/a/b","value":1}])"), 400, "ArgumentInvalid");
  EXPECT_EQ(send("GET", kTwin).header("ETag"), "\"AAAAAAAAAAI=\"") << "what is refused changes nothing";
}

TEST_F(HttpDigitalTwinTest, CommandsAreMethods) {
  connect();
  device.status = 299;
  device.answer = R"({"n": 1.50})";
  const Response root = command("/commands/reboot", R"( {"delay": 5.0} )");
  EXPECT_EQ(root.status, 200);
  EXPECT_EQ(root.body, R"({"n": 1.50})");
  EXPECT_EQ(root.header("x-ms-command-statuscode"), "299");
  EXPECT_EQ(root.header("x-ms-request-id").size(), 36U);
  EXPECT_EQ(root.header("Content-Type"), "application/json; charset=utf-8");
  EXPECT_EQ(device.name, "reboot");
  EXPECT_EQ(device.payload, R"( {"delay": 5.0} )");

  device.answer = "";
  const Response of_component = command("/components/thermostat1/commands/getMaxMinReport", "");
  EXPECT_EQ(of_component.status, 200);
  EXPECT_EQ(of_component.body, "null");
  EXPECT_EQ(device.name, "thermostat1*getMaxMinReport");
  EXPECT_EQ(device.payload, "null");
  for (const char* body : {"1", "\"text\"", "null", "[]", "true"}) {
    EXPECT_EQ(command("/commands/c", body).status, 200);
    EXPECT_EQ(device.payload, body);
  }
}

TEST_F(HttpDigitalTwinTest, TheLongestNamesOfDtdlFit) {
  connect();
  const std::string longest(64, 'x');
  EXPECT_EQ(command("/components/" + longest + "/commands/" + longest, "").status, 200);
  EXPECT_EQ(device.name, longest + "*" + longest);
}

TEST_F(HttpDigitalTwinTest, BothTimeOutsStandInTheQuery) {
  const auto with = [&](const std::string& more) { return command("/commands/c", "{}", more); };
  expect_nested_error(with("&connectTimeoutInSeconds=0&responseTimeoutInSeconds=5"), 404, "DeviceNotOnline", 404103);
  expect_nested_error(with("&connectTimeoutInSeconds=&responseTimeoutInSeconds="), 404, "DeviceNotOnline", 404103);
  for (const char* bad :
       {"&responseTimeoutInSeconds=4", "&responseTimeoutInSeconds=301", "&connectTimeoutInSeconds=-1",
        "&connectTimeoutInSeconds=x", "&responseTimeoutInSeconds=5.5", "&responseTimeoutInSeconds=99999999999999999999",
        "&connectTimeoutInSeconds=11&responseTimeoutInSeconds=10"}) {
    expect_nested_error(with(bad), 400, "ArgumentInvalid", 400004);
  }
}

TEST_F(HttpDigitalTwinTest, ErrorsOfCommandsAreNested) {
  expect_nested_error(command("/commands/c", ""), 404, "DeviceNotOnline", 404103);
  expect_nested_error(send("POST", "/digitaltwins/nobody/commands/c?api-version=1", ""), 404, "DeviceNotFound", 404001);
  expect_nested_error(command("/commands/a%20b", ""), 400, "ArgumentInvalid", 400004);
  expect_nested_error(command("/commands/c", "\"" + std::string(128 * 1024, 'x') + "\""), 413, "MessageTooLarge",
                      413001);
  expect_error(command("/commands/c", "{"), 400, "IotHubFormatError");
  connect();
  device.answer = "not JSON";
  expect_nested_error(command("/commands/c", ""), 502, "InvalidResponseWhileProxying", 502000);
}

// Connect and response time-out as the clock has it.
TEST_F(HttpDigitalTwinTest, TheTimeOutsRun) {
  std::optional<int> status;
  net::HttpRequest request;
  request.method = "POST";
  request.target = "/digitaltwins/d1/commands/c?api-version=1&connectTimeoutInSeconds=10&responseTimeoutInSeconds=20";
  request.headers = {{"Authorization", token("service")}};
  api->handle(std::move(request), shard.context, [&](net::HttpResponse r) { status = r.status; });
  shard.run_until_idle();
  shard.advance(9'999);
  EXPECT_EQ(status, std::nullopt);
  shard.advance(1);
  EXPECT_EQ(status, 404);
}

}  // namespace
}  // namespace nave::test
