// Who may do what (reference/service-rest.md §3.3).
#include <set>

#include "unit/front/http/api_fixture.h"

namespace nave::test {
namespace {

class PermissionsTest : public ApiFixture {};

TEST_F(PermissionsTest, EveryRouteOfEveryDefaultPolicy) {
  struct Operation {
    const char* method;
    const char* path;
    std::set<std::string> allowed;
  };
  const std::set<std::string> read{"iothubowner", "registryRead", "registryReadWrite"};
  const std::set<std::string> write{"iothubowner", "registryReadWrite"};
  const std::set<std::string> service{"iothubowner", "service"};
  const std::set<std::string> service_or_write{"iothubowner", "registryReadWrite", "service"};
  const std::set<std::string> read_or_service{"iothubowner", "registryRead", "registryReadWrite", "service"};
  const std::set<std::string> write_or_service{"iothubowner", "registryReadWrite", "service"};
  for (const Operation& op : {Operation{"GET", "/devices", read},
                              Operation{"GET", "/devices/d", read},
                              Operation{"POST", "/devices", write},
                              Operation{"POST", "/devices/keys/regenerate", write},
                              Operation{"PUT", "/devices/d", write},
                              Operation{"DELETE", "/devices/d", write},
                              Operation{"GET", "/devices/d/modules", read},
                              Operation{"GET", "/devices/d/modules/m", read},
                              Operation{"PUT", "/devices/d/modules/m", write},
                              Operation{"DELETE", "/devices/d/modules/m", write},
                              Operation{"GET", "/statistics/devices", read},
                              Operation{"GET", "/nave/state", {"iothubowner"}},
                              Operation{"POST", "/nave/state", {"iothubowner"}},
                              Operation{"GET", "/statistics/service", read_or_service},
                              Operation{"POST", "/jobs/create", write},
                              Operation{"GET", "/jobs", read},
                              Operation{"GET", "/jobs/x", read},
                              Operation{"DELETE", "/jobs/x", write},
                              Operation{"GET", "/twins/d", service},
                              Operation{"PATCH", "/twins/d", service},
                              Operation{"PUT", "/twins/d", service},
                              Operation{"GET", "/twins/d/modules/m", service},
                              Operation{"PATCH", "/twins/d/modules/m", service},
                              Operation{"PUT", "/twins/d/modules/m", service},
                              Operation{"GET", "/configurations", read_or_service},
                              Operation{"GET", "/configurations/c", read_or_service},
                              Operation{"PUT", "/configurations/c", write_or_service},
                              Operation{"DELETE", "/configurations/c", write_or_service},
                              Operation{"POST", "/configurations/testQueries", read_or_service},
                              Operation{"POST", "/devices/d/applyConfigurationContent", write_or_service},
                              Operation{"POST", "/twins/d/methods", service},
                              Operation{"POST", "/twins/d/modules/m/methods", service},
                              Operation{"GET", "/digitaltwins/d", service},
                              Operation{"PATCH", "/digitaltwins/d", service},
                              Operation{"POST", "/digitaltwins/d/commands/c", service},
                              Operation{"POST", "/digitaltwins/d/components/p/commands/c", service},
                              Operation{"PUT", "/jobs/v2/j", service_or_write},
                              Operation{"GET", "/jobs/v2/j", service_or_write},
                              Operation{"POST", "/jobs/v2/j/cancel", service_or_write},
                              Operation{"GET", "/jobs/v2/query", service_or_write},
                              Operation{"POST", "/devices/d/messages/deviceBound", service},
                              Operation{"POST", "/devices/d/modules/m/messages/deviceBound", service},
                              Operation{"DELETE", "/devices/d/commands", service},
                              Operation{"DELETE", "/devices/d/modules/m/commands", service},
                              Operation{"GET", "/messages/serviceBound/feedback", service},
                              Operation{"DELETE", "/messages/serviceBound/feedback/x", service},
                              Operation{"POST", "/messages/serviceBound/feedback/x/abandon", service}}) {
    for (const auth::Policy& policy : policies.current()->all()) {
      const Response r = send(op.method, op.path + std::string("?api-version=2021-04-12"), "{}",
                              {{"Authorization", token(policy.name)}});
      const bool may = op.allowed.contains(policy.name);
      EXPECT_EQ(r.status != 401, may) << op.method << " " << op.path << " as " << policy.name;
      EXPECT_EQ(r.header("iothub-errorcode") == "IotHubUnauthorizedAccess", !may);
    }
  }
}

TEST_F(PermissionsTest, EveryRouteOfTheTableAsksForARight) {
  for (const front::http::Route& route : routes()) {
    EXPECT_EQ(route.any_of.empty(), route.caller == front::http::Caller::kDevice) << route.pattern;
    std::string path = "/" + std::string(route.pattern);
    for (size_t at = path.find("{}"); at != std::string::npos; at = path.find("{}")) path.replace(at, 2, "x");
    EXPECT_EQ(send(std::string(route.method), path, "", {{"Authorization", "none"}}).status, 401) << path;
  }
}

int get_device(ApiFixture& api, const std::string& authorization) {
  return api.send("GET", "/devices/d?api-version=2021-04-12", "", {{"Authorization", authorization}}).status;
}

TEST_F(PermissionsTest, TokensThatAreRefused) {
  (void)send("PUT", "/devices/d?api-version=2021-04-12", "{}");
  EXPECT_EQ(get_device(*this, token("registryRead")), 200);
  EXPECT_EQ(get_device(*this, token("nobody")), 401);
  EXPECT_EQ(get_device(*this, token("registryRead", "other.example.test")), 401);
  EXPECT_EQ(get_device(*this, ""), 401);
  EXPECT_EQ(get_device(*this, "Bearer eyJ0eXAiOiJKV1QifQ.e30.x"), 401);
  EXPECT_EQ(get_device(*this, "SharedAccessSignature"), 401);
  std::string forged = token("registryRead");
  forged.replace(forged.find("skn=registryRead"), 16, "skn=iothubowner");
  EXPECT_EQ(get_device(*this, forged), 401);
  const std::string now_good = token("registryRead");
  shard.clock.advance(std::chrono::hours(2));
  EXPECT_EQ(get_device(*this, now_good), 401);
}

TEST_F(PermissionsTest, ADevicesOwnTokenIsNoServiceToken) {
  const Response d = send("PUT", "/devices/d?api-version=2021-04-12", "{}");
  const json::Value body = d.json();
  const json::Object& keys = *body.if_object()->find("authentication")->if_object()->find("symmetricKey")->if_object();
  const std::string own = auth::make_sas("hub1.example.test/devices/d", *keys.find("primaryKey")->if_string(),
                                         unix_seconds(shard.clock.utc()) + 60, "");
  EXPECT_EQ(get_device(*this, own), 401);
}

TEST_F(PermissionsTest, ScopesAreHeldAgainstThePath) {
  for (const char* id : {"d", "d2"}) (void)send("PUT", "/devices/" + std::string(id) + "?api-version=1", "{}");
  EXPECT_EQ(get_device(*this, token("registryRead", "hub1.example.test/devices")), 200);
  EXPECT_EQ(get_device(*this, token("registryRead", "hub1.example.test/devices/d")), 200);
  EXPECT_EQ(get_device(*this, token("registryRead", "HUB1.example.test/Devices/d")), 200);
  EXPECT_EQ(get_device(*this, token("registryRead", "hub1.example.test/devices/d2")), 401);
  EXPECT_EQ(get_device(*this, token("registryRead", "hub1.example.test/twins")), 401);
}

TEST_F(PermissionsTest, BothKeysOfAPolicyCount) {
  (void)send("PUT", "/devices/d?api-version=2021-04-12", "{}");
  const std::string secondary = auth::make_sas(kHost, policies.current()->find("registryRead")->secondary_key,
                                               unix_seconds(shard.clock.utc()) + 60, "registryRead");
  EXPECT_EQ(get_device(*this, secondary), 200);
}

}  // namespace
}  // namespace nave::test
