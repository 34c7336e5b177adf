#include "front/http/ops_api.h"

#include "unit/front/http/api_fixture.h"

namespace nave::test {
namespace {

class OpsApiTest : public ApiFixture {
 protected:
  OpsApiTest() : service(std::move(api)) {
    metrics.counter("nave_test_total", "A test").add(3);
    api = std::make_unique<front::http::OpsApi>(
        metrics, authenticator, [this] { return missing; }, service.get());
  }
  Response get(const std::string& target, const std::string& from = "192.0.2.7",
               const std::string& authorization = "") {
    net::HttpRequest request;
    request.method = "GET";
    request.target = target;
    request.peer.address = from;
    if (!authorization.empty()) request.headers.emplace_back("Authorization", authorization);
    return send(std::move(request));
  }
  std::string missing;
  std::unique_ptr<net::HttpHandler> service;
};

TEST_F(OpsApiTest, LivenessIsOpenToEverybody) {
  const Response r = get("/health/live");
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.body, "live\n");
}

TEST_F(OpsApiTest, ReadinessSaysYesOrNoAndTheReasonOnlyToTheTrusted) {
  EXPECT_EQ(get("/health/ready").status, 200);
  missing = "the event log has failed";
  EXPECT_EQ(get("/health/ready").status, 503);
  EXPECT_EQ(get("/health/ready").body, "not ready\n");
  EXPECT_EQ(get("/health/ready", "127.0.0.1").body, "not ready: the event log has failed\n");
}

TEST_F(OpsApiTest, MetricsAreForLoopbackAndForTokenHolders) {
  EXPECT_EQ(get("/metrics").status, 401);
  EXPECT_EQ(get("/metrics", "10.0.0.1").status, 401);
  EXPECT_EQ(get("/metrics", "192.0.2.7", "SharedAccessSignature x").status, 401);
  for (const char* address : {"127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"}) {
    const Response r = get("/metrics", address);
    EXPECT_EQ(r.status, 200) << address;
    EXPECT_NE(r.body.find("nave_test_total 3"), std::string::npos);
    EXPECT_TRUE(r.header("Content-Type").starts_with("text/plain; version=0.0.4"));
  }
  EXPECT_EQ(get("/metrics", "192.0.2.7", token("device")).status, 200);
}

TEST_F(OpsApiTest, OnlyGet) {
  net::HttpRequest request;
  request.method = "POST";
  request.target = "/metrics";
  const Response r = send(std::move(request));
  EXPECT_EQ(r.status, 405);
  EXPECT_EQ(r.header("Allow"), "GET");
}

TEST_F(OpsApiTest, TheRestIsTheServiceApis) {
  EXPECT_EQ(get("/devices?api-version=1").status, 401);
  EXPECT_EQ(get("/devices?api-version=1", "192.0.2.7", token("registryRead")).status, 200);
  EXPECT_EQ(get("/metricsx").header("iothub-errorcode"), "GenericNotFound");
}

TEST_F(OpsApiTest, AloneEverythingElseIsNotFound) {
  api = std::make_unique<front::http::OpsApi>(
      metrics, authenticator, [] { return std::string(); }, nullptr);
  EXPECT_EQ(get("/devices?api-version=1", "127.0.0.1", token("iothubowner")).status, 404);
  EXPECT_EQ(get("/health/live").status, 200);
}

}  // namespace
}  // namespace nave::test
