// What a body may have: more than usual only on the routes that say so, and for those whom they let in.
#include "base/limits.h"
#include "unit/front/http/api_fixture.h"

namespace nave::test {
namespace {

class BodyLimitTest : public ApiFixture {
 protected:
  uint64_t bytes_max(const std::string& method, const std::string& path, const std::string& authorization) {
    net::HttpRequest head;
    head.method = method;
    head.target = path;
    head.headers = {{"Authorization", authorization}};
    const net::HttpBodyPlan plan = api->plan_body(head);
    EXPECT_FALSE(plan.in_pieces);
    return plan.bytes_max;
  }
};

TEST_F(BodyLimitTest, BulkRequestsAreLargerForThoseWhoMay) {
  constexpr const char* kBulk = "/devices?api-version=2021-04-12";
  EXPECT_EQ(bytes_max("POST", kBulk, token("iothubowner")), limits::kHttpBulkBodyBytesMax);
  EXPECT_EQ(bytes_max("POST", kBulk, token("registryReadWrite")), limits::kHttpBulkBodyBytesMax);
  EXPECT_EQ(bytes_max("POST", kBulk, token("registryRead")), limits::kHttpBodyBytesMax);
  EXPECT_EQ(bytes_max("POST", kBulk, "none"), limits::kHttpBodyBytesMax);
  EXPECT_EQ(bytes_max("PUT", "/devices/d", token("iothubowner")), limits::kHttpBodyBytesMax);
  EXPECT_EQ(bytes_max("POST", "/nowhere", token("iothubowner")), limits::kHttpBodyBytesMax);
}

TEST_F(BodyLimitTest, ABulkBodyBeyondTheUsualLimitIsParsed) {
  std::string body = R"([{"id":"d","importMode":"create","statusReason":")";
  body += R"(x"}])" + std::string(2 * limits::kHttpBodyBytesMax, ' ');
  EXPECT_EQ(send("POST", "/devices?api-version=2021-04-12", body).status, 200);
  body += std::string(limits::kHttpBulkBodyBytesMax, ' ');
  EXPECT_EQ(send("POST", "/devices?api-version=2021-04-12", body).status, 413);
}

}  // namespace
}  // namespace nave::test
