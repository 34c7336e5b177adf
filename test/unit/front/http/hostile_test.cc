// Requests that nobody should send: each gets one well-formed answer and changes nothing.
#include "base/limits.h"
#include "unit/front/http/api_fixture.h"

namespace nave::test {
namespace {

constexpr const char* kDevice = "/devices/d?api-version=2021-04-12";

class HostileTest : public ApiFixture {
 protected:
  void expect_refused(const std::string& body, int status = 400) {
    const Response r = send("PUT", kDevice, body);
    EXPECT_EQ(r.status, status) << body.substr(0, 80);
    EXPECT_TRUE(r.text("Message").starts_with("ErrorCode:")) << r.body;
    EXPECT_EQ(send("GET", kDevice).status, 404);
  }
};

TEST_F(HostileTest, BodiesThatAreNoDocument) {
  using namespace std::string_literals;
  expect_refused("");
  expect_refused("null");
  expect_refused("\"{}\"");
  expect_refused("{\"deviceId\":\"d\"}{}");
  expect_refused("\xEF\xBB\xBF{}");
  expect_refused("{\"deviceId\":\"d\"}\0"s);
  expect_refused("{\"statusReason\":\"a\0b\"}"s);
  expect_refused("{\"statusReason\":\"\xC3\"}");
  expect_refused("{\"statusReason\":\"\\ud800\"}");
  expect_refused(std::string(100'000, '['));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "{\"a\":";
  expect_refused(deep);
}

TEST_F(HostileTest, FieldsOfTheWrongType) {
  for (const char* body : {R"({"deviceId":1})", R"({"status":true})", R"({"status":""})", R"({"statusReason":{}})",
                           R"({"capabilities":[]})", R"({"capabilities":{"iotEdge":1}})", R"({"deviceScope":1})",
                           R"({"parentScopes":"x"})", R"({"parentScopes":[1]})", R"({"authentication":"sas"})",
                           R"({"authentication":{"type":"password"}})", R"({"authentication":{"symmetricKey":"x"}})",
                           R"({"authentication":{"symmetricKey":{"primaryKey":1}}})",
                           R"({"authentication":{"x509Thumbprint":{"primaryThumbprint":[]}}})"}) {
    expect_refused(body);
  }
}

TEST_F(HostileTest, NullsAndUnknownFieldsAreNothing) {
  const Response r = send("PUT", kDevice,
                          R"({"deviceId":null,"status":null,"statusReason":null,"authentication":null,)"
                          R"("capabilities":null,"deviceScope":null,"parentScopes":null,"attributes":{"x":[1]},)"
                          R"("hub":1,"etag":7,"connectionState":5})");
  EXPECT_EQ(r.status, 200) << r.body;
  EXPECT_EQ(r.text("status"), "enabled");
}

TEST_F(HostileTest, BodiesBeyondTheLimit) {
  std::string body = "{\"x\":\"";
  body += std::string(limits::kHttpBodyBytesMax - body.size() - 2, 'x') + "\"}";
  ASSERT_EQ(body.size(), limits::kHttpBodyBytesMax);
  EXPECT_EQ(send("PUT", kDevice, body).status, 200);
  (void)send("DELETE", kDevice, "", {{"If-Match", "*"}});
  body.insert(6, "x");
  expect_refused(body, 413);
}

TEST_F(HostileTest, IdsOf128CharactersAndOneMore) {
  const std::string id(limits::kIdCharsMax, 'i');
  EXPECT_EQ(send("PUT", "/devices/" + id + "?api-version=1", "{}").status, 200);
  EXPECT_EQ(send("PUT", "/devices/" + id + "i?api-version=1", "{}").status, 400);
  EXPECT_EQ(send("PUT", "/devices/" + id + "/modules/" + id + "?api-version=1", "{}").status, 200);
  EXPECT_EQ(send("PUT", "/devices/" + id + "/modules/" + id + "i?api-version=1", "{}").status, 400);
  EXPECT_EQ(send("PUT", "/devices/%00?api-version=1", "{}").status, 400);
  EXPECT_EQ(send("GET", "/devices/%C3%A9?api-version=1").status, 400);
}

TEST_F(HostileTest, TargetsThatLeadNowhere) {
  for (const char* target : {"", "*", "?", "/", "//", "/..", "/devices/..%2F..%2Fetc", "/devices/d/modules/m/x",
                             "http://hub1.example.test/devices/d", "/%", "/devices/%FF?api-version=1", "/\xC3\xA9"}) {
    const Response r = send("GET", target);
    EXPECT_TRUE(r.status == 404 || r.status == 400) << target << " " << r.status;
    EXPECT_EQ(r.header("Content-Type"), "application/json; charset=utf-8");
    EXPECT_EQ(r.header("x-ms-request-id").size(), 36U);
  }
}

TEST_F(HostileTest, HugeTokensAreRefusedUnread) {
  const Response r =
      send("GET", kDevice, "", {{"Authorization", "SharedAccessSignature sr=" + std::string(30'000, 'x')}});
  EXPECT_EQ(r.status, 401);
  EXPECT_EQ(r.text("Message"), "ErrorCode:IotHubUnauthorizedAccess;Unauthorized");
}

TEST_F(HostileTest, TopIsClamped) {
  for (int i = 0; i < 3; ++i) (void)send("PUT", "/devices/d" + std::to_string(i) + "?api-version=1", "{}");
  const auto listed = [&](const std::string& top) {
    return send("GET", "/devices?api-version=1&top=" + top).json().if_array()->size();
  };
  EXPECT_EQ(listed("2"), 2U);
  for (const char* all : {"0", "-1", "1001", "99999999999999999999", "x", "", "2x"}) EXPECT_EQ(listed(all), 3U) << all;
}

TEST_F(HostileTest, TheLargestListHasAThousandDevices) {
  for (int i = 0; i < 1001; ++i) {
    std::vector<hub::IdentityWrite> writes(1);
    writes[0].expect = hub::IdentityWrite::Expect::kAbsent;
    writes[0].identity.key.device = "d" + std::to_string(i);
    store.apply(std::move(writes), shard.executor, [](Result<void, hub::StoreError>) {});
  }
  shard.run_until_idle();
  EXPECT_EQ(send("GET", "/devices?api-version=1").json().if_array()->size(), 1000U);
  EXPECT_EQ(send("GET", "/devices?api-version=1&top=1000").json().if_array()->size(), 1000U);
  EXPECT_EQ(send("GET", "/devices?api-version=1&top=999").json().if_array()->size(), 999U);
}

}  // namespace
}  // namespace nave::test
