// Direct methods over REST, answered by a device that is a few lines of test.
#include "hub/method/open_methods.h"
#include "unit/front/http/api_fixture.h"

namespace nave::test {
namespace {

const std::string kMethods = "/twins/d1/methods?api-version=2021-04-12";

class Device final : public hub::Session {
 public:
  void end(hub::EndReason) override {}
  [[nodiscard]] bool still_authorized(const hub::Identity&) const override { return true; }
  hub::MethodDelivery deliver_method(const hub::MethodCommand& command, hub::MethodReply& reply) override {
    payload = command.payload;
    hub::MethodReply taken = std::move(reply);
    if (answers) taken.answer(status, answer);
    return hub::MethodDelivery::kDelivered;
  }
  bool answers = true;
  int status = 200;
  std::string answer, payload = "none";
};

class HttpMethodsTest : public ApiFixture {
 public:
  HttpMethodsTest() {
    (void)send("PUT", "/devices/d1?api-version=2021-04-12", R"({"deviceId":"d1"})");
    (void)send("PUT", "/devices/d1/modules/m1?api-version=2021-04-12", R"({"deviceId":"d1","moduleId":"m1"})");
  }
  void connect(const IdentityKey& key = {"d1", ""}) {
    (void)sessions.claim(key, std::make_shared<hub::SessionLink>(shard.executor, device));
  }
  Response invoke(const std::string& body) { return send("POST", kMethods, body); }

  Device device;
};

// The document inside Message, as C# reads it: a flat map, no objects inside.
json::Object inner(const Response& response) {
  const json::Value document = json::parse(response.text("Message")).value_or(json::Value());
  EXPECT_NE(document.if_object(), nullptr) << response.body;
  return document.if_object() == nullptr ? json::Object() : *document.if_object();
}

TEST_F(HttpMethodsTest, StatusAndPayloadAsTheDeviceWroteThem) {
  connect();
  device.status = 1234567;
  device.answer = R"({"n": 1.50, "big": 12345678901234567890123})";
  const Response r = invoke(R"({"methodName":"m","payload":{"x":2.0}})");
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.body, R"({"status":1234567,"payload":{"n": 1.50, "big": 12345678901234567890123}})");
  EXPECT_EQ(r.header("Content-Type"), "application/json; charset=utf-8");
  EXPECT_EQ(device.payload, R"({"x":2.0})");
}

TEST_F(HttpMethodsTest, NoPayloadIsNull) {
  connect({"d1", "m1"});
  EXPECT_EQ(send("POST", "/twins/d1/modules/m1/methods?api-version=2021-04-12", R"({"methodName":"m"})").body,
            R"({"status":200,"payload":null})");
  EXPECT_EQ(device.payload, "null");
}

TEST_F(HttpMethodsTest, EveryErrorIsANestedDocumentWithItsHeader) {
  const auto expect = [](const Response& r, int status, const char* name, int code) {
    EXPECT_EQ(r.status, status) << r.body;
    EXPECT_EQ(r.header("iothub-errorcode"), name);
    EXPECT_EQ(r.text("ExceptionMessage"), "");
    const json::Object document = inner(r);
    ASSERT_NE(document.find("errorCode"), nullptr);
    EXPECT_EQ(document.find("errorCode")->to_int64(), code);
    EXPECT_TRUE(document.find("info")->is_null());
    // Node splits the text at ';' and must not find a name that it takes for another error.
    EXPECT_EQ(r.text("Message").find(';'), std::string::npos);
  };
  const std::string m = R"({"methodName":"m"})";
  expect(send("POST", "/twins/nobody/methods?api-version=2021-04-12", m), 404, "DeviceNotFound", 404001);
  expect(send("POST", "/twins/d1/modules/no/methods?api-version=2021-04-12", m), 404, "ModuleNotFound", 404010);
  expect(invoke(m), 404, "DeviceNotOnline", 404103);
  expect(invoke("{}"), 400, "ArgumentInvalid", 400004);
  expect(invoke(R"({"methodName":5})"), 400, "ArgumentInvalid", 400004);
  expect(invoke(R"({"methodName":"m","responseTimeoutInSeconds":10,"connectTimeoutInSeconds":11})"), 400,
         "ArgumentInvalid", 400004);
  expect(invoke(R"({"methodName":"m","payload":")" + std::string(128 * 1024 - 1, 'x') + "\"}"), 413, "MessageTooLarge",
         413001);
  connect();
  device.answer = "not JSON";
  expect(invoke(m), 502, "InvalidResponseWhileProxying", 502000);
  device.answers = false;  // lets go of the reply, as a connection that closes does
  expect(invoke(m), 404, "DeviceConnectionClosedRemotely", 404104);
}

}  // namespace
}  // namespace nave::test
