// What telemetry requests become in the log (reference/device-mqtt-https.md §8.4, §8.5), and when they are answered.
#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/limits.h"
#include "unit/front/http/api_fixture.h"

namespace nave::test {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kPath = "/devices/d1/messages/events?api-version=2021-04-12";
const std::pair<std::string, std::string> kBatch{"Content-Type", "application/vnd.microsoft.iothub.json"};

class HttpTelemetry : public ApiFixture {
 protected:
  HttpTelemetry() {
    EXPECT_EQ(send("PUT", "/devices/d1?api-version=2021-04-12", "{}").status, 200);
    EXPECT_EQ(send("PUT", "/devices/d1/modules/m1?api-version=2021-04-12", "{}").status, 200);
  }
  Response post(const std::string& body, Headers headers = {}) {
    headers.emplace_back("Authorization", device_token({"d1", ""}));
    return send("POST", kPath, body, std::move(headers));
  }
  Response post_batch(const std::string& body) { return post(body, {kBatch}); }
  [[nodiscard]] static std::string item_of(size_t body_bytes) {
    return R"({"base64Encoded":false,"body":")" + std::string(body_bytes, 'x') + R"("})";
  }
};

TEST_F(HttpTelemetry, EveryHeaderOfTheTable) {
  EXPECT_EQ(post("body", {{"IoTHub-MessageId", "m"},
                          {"IoTHub-CorrelationId", "c"},
                          {"IoTHub-UserId", "u"},
                          {"iothub-to", "/devices/d1/messages/events"},
                          {"iothub-expiry", "2026-01-02T03:04:05.678Z"},
                          {"iothub-ack", "full"},
                          {"iothub-contenttype", "application/json"},
                          {"iothub-contentencoding", "utf-8"},
                          {"iothub-interface-id", "urn:x"},
                          {"iothub-messageschema", "s"},
                          {"iothub-creationtimeutc", "2026-01-01T00:00:00Z"},
                          {"dt-subject", "part"},
                          {"iothub-app-Level", "storm"},
                          {"IOTHUB-APP-empty", ""},
                          {"iothub-app-iothub-ack", "mine"}})
                .status,
            204);
  EXPECT_EQ(events("d1"),
            std::vector<std::string>{
                "{1=m,2=c,3=u,4=/devices/d1/messages/events,5=application/json,6=utf-8,7=1767323045678,"
                "8=2026-01-01T00:00:00Z,10=urn:x,11=part,12=s,22=full}{Level=storm,empty=,iothub-ack=mine}body"});
}

TEST_F(HttpTelemetry, WhatOtherHeadersSayIsNotTheMessages) {
  (void)post("b", {{"iothub-operation", "d2c"}, {"Content-Type", "binary/octet-stream"}, {"iothub-app-", "nameless"}});
  EXPECT_EQ(events("d1"), std::vector<std::string>{"{}{}b"});
}

TEST_F(HttpTelemetry, JavaSpellsTheCreationTimeDifferently) {
  (void)post("b", {{"iothub-creation-time-utc", "2026-01-01T00:00:00Z"}});
  EXPECT_EQ(events("d1"), std::vector<std::string>{"{8=2026-01-01T00:00:00Z}{}b"});
}

TEST_F(HttpTelemetry, AnExpiryThatIsNoDateIsKeptAsItIs) {
  (void)post("b", {{"iothub-expiry", "tomorrow"}});
  EXPECT_EQ(events("d1"), std::vector<std::string>{"{}{iothub-expiry=tomorrow}b"});
}

TEST_F(HttpTelemetry, ModulesSpeakForThemselves) {
  const Headers headers{{"Authorization", device_token({"d1", "m1"})}};
  EXPECT_EQ(send("POST", "/devices/d1/modules/m1/messages/events", "b", headers).status, 204);
  ASSERT_EQ(events("d1").size(), 1U);
  const std::string stamped = events("d1", true)[0];
  EXPECT_NE(stamped.find("16=d1,17=m1,"), std::string::npos) << stamped;
  EXPECT_NE(stamped.find(R"("scope":"module","type":"sas")"), std::string::npos) << stamped;
}

TEST_F(HttpTelemetry, TextThatIsNoTextIsRefused) {
  const Response refused = post("b", {{"iothub-app-a", "\xe9"}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.header("iothub-errorcode"), "IotHubFormatError");
  EXPECT_EQ(events("d1").size(), 0U);
}

TEST_F(HttpTelemetry, TheLimitAndOnePast) {
  const Headers property{{"iothub-app-k", "v"}};
  EXPECT_EQ(post(std::string(limits::kD2cMessageBytesMax - 2, 'x'), property).status, 204);
  const Response refused = post(std::string(limits::kD2cMessageBytesMax - 1, 'x'), property);
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(refused.header("iothub-errorcode"), "MessageTooLarge");
  EXPECT_EQ(events("d1").size(), 1U);
}

TEST_F(HttpTelemetry, AnsweredWhenDurableAndNotBefore) {
  net::HttpRequest request;
  request.method = "POST";
  request.target = kPath;
  request.headers = {{"Authorization", device_token({"d1", ""})}};
  int status = 0;
  api->handle(std::move(request), shard.context, [&](const net::HttpResponse& r) { status = r.status; });
  EXPECT_EQ(status, 0);
  shard.run_until_idle();
  EXPECT_EQ(status, 204);
}

TEST_F(HttpTelemetry, ALogThatTakesNothingThrottles) {
  log.stop();
  const Response refused = post("b");
  EXPECT_EQ(refused.status, 429);
  EXPECT_TRUE(refused.close);
}

TEST_F(HttpTelemetry, BatchItems) {
  EXPECT_EQ(post_batch(R"([{"body":"dGV4dA=="},
                           {"body":"dGV4dA==","base64Encoded":true},
                           {"body":"text \u00e9","base64Encoded":false},
                           {"body":""},
                           {"properties":{"iothub-app-a":"b","iothub-messageid":"m","dt-subject":"s","unknown":"x"}},
                           {"body":null,"properties":{"iothub-app-n":1.50,"iothub-app-t":true,"iothub-app-z":null}}])")
                .status,
            204);
  EXPECT_EQ(events("d1"), (std::vector<std::string>{"{}{}text", "{}{}text", "{}{}text \u00e9", "{}{}",
                                                    "{1=m,11=s}{a=b}", "{}{n=1.50,t=true,z}"}));
}

TEST_F(HttpTelemetry, ABatchIsTakenWholeOrNotAtAll) {
  for (const char* bad : {"", "{}", "[", "[1]", R"([{"body":"dGV4dA=="},{"body":"not base64!"}])", R"([{"body":5}])",
                          R"([{"properties":[]}])", R"([{"properties":{"iothub-app-a":{}}}])",
                          R"([{"properties":{"iothub-app-a":[1]}}])"}) {
    EXPECT_EQ(post_batch(bad).status, 400) << bad;
  }
  EXPECT_EQ(events("d1").size(), 0U);
}

TEST_F(HttpTelemetry, TheNumberOfMessagesInABatchIsBounded) {
  std::string batch = "[{}";
  for (size_t i = 1; i < limits::kHttpBatchMessagesMax; ++i) batch += ",{}";
  EXPECT_EQ(post_batch(batch + "]").status, 204);
  EXPECT_EQ(post_batch(batch + ",{}]").status, 413);
  EXPECT_EQ(events("d1").size(), limits::kHttpBatchMessagesMax);
}

TEST_F(HttpTelemetry, TheSizeOfABatchIsBounded) {
  constexpr size_t kHalf = limits::kD2cMessageBytesMax / 2;
  EXPECT_EQ(post_batch("[" + item_of(kHalf) + "," + item_of(kHalf + 1) + "]").status, 413);
  EXPECT_EQ(events("d1").size(), 0U);
  EXPECT_EQ(post_batch("[" + item_of(kHalf) + "," + item_of(kHalf) + "]").status, 204);
  EXPECT_EQ(events("d1").size(), 2U);
}

// A session elsewhere, as MQTT would have one.
class Elsewhere final : public hub::Session {
 public:
  void end(hub::EndReason) override { ended = true; }
  [[nodiscard]] bool still_authorized(const hub::Identity&) const override { return true; }
  bool ended = false;
};

TEST_F(HttpTelemetry, ARequestIsNoConnection) {
  EXPECT_EQ(post("b").status, 204);
  EXPECT_FALSE(sessions.presence({"d1", ""}));
  EXPECT_EQ(store.find({"d1", ""})->last_activity, shard.clock.utc());
  EXPECT_EQ(store.find({"d1", ""})->connection_state_updated, kNever);

  Elsewhere session;
  const auto claim = sessions.claim({"d1", ""}, std::make_shared<hub::SessionLink>(shard.executor, session));
  shard.advance(5000);
  EXPECT_EQ(post("b").status, 204);
  EXPECT_FALSE(session.ended);
  EXPECT_EQ(sessions.presence({"d1", ""})->last_activity, shard.clock.utc());
  sessions.release({"d1", ""}, claim);
}

TEST_F(HttpTelemetry, ADisabledDeviceMayNot) {
  EXPECT_EQ(send("PUT", "/devices/d1?api-version=2021-04-12", R"({"status":"disabled"})", {{"If-Match", "*"}}).status,
            200);
  EXPECT_EQ(post("b").status, 401);
  EXPECT_EQ(events("d1").size(), 0U);
}

}  // namespace
}  // namespace nave::test
