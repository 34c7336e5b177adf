// A service API over a memory store and a fake shard, and the requests that tests put to it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "auth/sas_token.h"
#include "base/url.h"
#include "front/http/bulk_routes.h"
#include "front/http/c2d_routes.h"
#include "front/http/configuration_routes.h"
#include "front/http/digital_twin_routes.h"
#include "front/http/feedback_routes.h"
#include "front/http/identity_routes.h"
#include "front/http/job_routes.h"
#include "front/http/method_routes.h"
#include "front/http/query_routes.h"
#include "front/http/service_api.h"
#include "front/http/state_routes.h"
#include "front/http/telemetry_routes.h"
#include "front/http/transfer_routes.h"
#include "front/http/twin_routes.h"
#include "hub/device/bulk.h"
#include "hub/device/registry.h"
#include "hub/job/rows.h"
#include "hub/job/service.h"
#include "hub/transfer/own_container.h"
#include "hub/transfer/service.h"
#include "json/parse.h"
#include "store/memory/blob_files.h"
#include "store/memory/device_store.h"
#include "store/memory/event_log.h"
#include "store/memory/job_store.h"
#include "support/event_text.h"
#include "support/fake_shard.h"

namespace nave::test {

struct Response {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool close = false;

  [[nodiscard]] std::string header(const std::string& name) const {
    for (const auto& [n, v] : headers) {
      if (n == name) return v;
    }
    return "";
  }
  [[nodiscard]] json::Value json() const { return json::parse(body).value_or(json::Value()); }
  // A text member of the body, "" if there is none.
  [[nodiscard]] std::string text(const std::string& name) const {
    const json::Value value = json();
    const json::Object* const object = value.if_object();
    const json::Value* const member = object == nullptr ? nullptr : object->find(name);
    return member == nullptr || member->if_string() == nullptr ? "" : *member->if_string();
  }
};

// There is no network in these tests.
class NoContainers final : public hub::ContainerOpener {
 public:
  [[nodiscard]] hub::ContainerResult<std::unique_ptr<hub::Container>> open(const std::string& /*uri*/) override {
    return fail(hub::ContainerError("no network"));
  }
};

class ApiFixture : public testing::Test {
 public:
  static constexpr const char* kHost = "hub1.example.test";

  void TestBody() override {}

  ApiFixture() {
    registry.set_queue(c2d);
    registry.set_listener(configurations.listener());
    twins.set_listener(configurations.listener());
    queries.set_job_rows(job_rows);
  }

  [[nodiscard]] std::string token(const std::string& policy, const std::string& resource = kHost) const {
    const auth::Policy* const p = policies.current()->find(policy);
    return auth::make_sas(resource, p == nullptr ? "" : p->primary_key, unix_seconds(shard.clock.utc()) + 3600, policy);
  }

  // The token of a device or module that was made over the API, signed with its primary key.
  [[nodiscard]] std::string device_token(const IdentityKey& key) const {
    const auto identity = store.find(key);
    std::string resource = std::string(kHost) + "/devices/" + key.device;
    if (key.is_module()) resource += "/modules/" + key.module;
    return auth::make_sas(resource, identity ? identity->authentication.primary_key : "",
                          unix_seconds(shard.clock.utc()) + 3600, "");
  }
  // Every event of the device, as support/event_text.h writes it.
  [[nodiscard]] std::vector<std::string> events(const std::string& device, bool with_stamps = false) {
    return events_of(log, shard, ingest.partition_of_device(device), device, with_stamps);
  }

  // Hands the request over and runs the shard; fails the test unless there is exactly one answer.
  Response send(net::HttpRequest request) {
    std::optional<Response> answer;
    int answers = 0;
    api->handle(std::move(request), shard.context, [&](net::HttpResponse r) {
      ++answers;
      answer = Response{r.status, std::move(r.headers), std::move(r.body), r.close};
    });
    shard.run_until_idle();
    EXPECT_EQ(answers, 1);
    return answer.value_or(Response{});
  }

  // With the token of iothubowner unless said otherwise.
  Response send(const std::string& method, const std::string& target, const std::string& body = "",
                std::vector<std::pair<std::string, std::string>> headers = {}) {
    net::HttpRequest request;
    request.method = method;
    request.target = target;
    request.headers = std::move(headers);
    if (!request.header("Authorization")) request.headers.emplace_back("Authorization", token("iothubowner"));
    request.body = body;
    request.peer.address = "192.0.2.7";
    return send(std::move(request));
  }

  FakeShard shard;
  Metrics metrics;
  store::memory::MemoryDeviceStore store;
  auth::Policies policies{auth::make_default_policies()};
  hub::HubInfo hub{kHost, {"localhost"}};
  hub::Authenticator authenticator{store, policies, hub, shard.clock};
  hub::SessionDirectory sessions{store, shard.clock, metrics};
  hub::Registry registry{store, sessions, hub, shard.clock};
  hub::TwinService twins{store, registry, sessions, shard.clock, metrics};
  hub::BulkRegistry bulk{registry, twins};
  hub::MethodService methods{registry, sessions, 1, metrics};
  hub::C2dService c2d{store, registry, sessions, shard.clock, metrics, shard.executor, {}};
  hub::QueryService queries{store, registry, shard.executor, shard.clock, metrics};
  hub::ConfigurationService configurations{{store, store, store, store, registry, twins, shard.executor, shard.clock},
                                           metrics};
  store::memory::MemoryJobStore job_store;
  hub::JobRows job_rows{job_store, metrics};
  hub::JobService jobs{
      {job_store, {store, store, registry}, {store, twins, methods, {&shard.context}, shard.executor}, shard.clock},
      {},
      metrics};
  hub::StateService state{{store, store, registry, store, configurations, shard.executor}};
  store::memory::MemoryEventLog log{4, shard.clock, shard.executor};
  hub::Ingest ingest{log, hub, shard.context, metrics};
  store::memory::MemoryBlobFiles blob_files;
  hub::BlobStorage blobs{blob_files, shard.clock, metrics};
  const auth::BlobAccount blob_account{"navestorage", "a2V5LW9mLXRoZS1hY2NvdW50LWZvci10ZXN0cy1vbmx5"};
  NoContainers elsewhere;
  hub::OwnContainers containers{blobs, blob_account, hub, shard.clock, elsewhere};
  hub::TransferService transfers{{store, store, store, bulk, containers, shard.executor, shard.clock}, metrics};
  [[nodiscard]] std::vector<front::http::Route> routes() {
    std::vector<front::http::Route> out = front::http::bulk_routes(bulk, registry);
    for (front::http::Route& r : front::http::identity_routes(registry)) out.push_back(std::move(r));
    for (front::http::Route& r : front::http::twin_routes(twins)) out.push_back(std::move(r));
    for (front::http::Route& r : front::http::query_routes(queries)) out.push_back(std::move(r));
    for (front::http::Route& r : front::http::configuration_routes(configurations)) out.push_back(std::move(r));
    for (front::http::Route& r : front::http::job_routes(jobs)) out.push_back(std::move(r));
    for (front::http::Route& r : front::http::method_routes(methods)) out.push_back(std::move(r));
    for (front::http::Route& r : front::http::digital_twin_routes(twins, methods, hub)) out.push_back(std::move(r));
    for (front::http::Route& r : front::http::c2d_routes(c2d, sessions)) out.push_back(std::move(r));
    for (front::http::Route& r : front::http::feedback_routes(c2d.feedback(), hub)) out.push_back(std::move(r));
    for (front::http::Route& r : front::http::transfer_routes(transfers)) out.push_back(std::move(r));
    for (front::http::Route& r : front::http::telemetry_routes(sessions, {&ingest})) out.push_back(std::move(r));
    for (front::http::Route& r : front::http::state_routes(state)) out.push_back(std::move(r));
    return out;
  }
  std::unique_ptr<net::HttpHandler> api = std::make_unique<front::http::ServiceApi>(authenticator, routes());
};

}  // namespace nave::test
