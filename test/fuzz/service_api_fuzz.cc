// The service API on any requests of a caller who may do everything: paths, headers and bodies of every route. Requests
// are lines: method and target, headers until an empty line, the body until a line "---". Whatever they are, each is
// answered once, what has a body is JSON unless it is a message, and errors carry their name.
#include <algorithm>
#include <cstdint>
#include <string>

#include "auth/sas_token.h"
#include "base/check.h"
#include "base/log.h"
#include "front/http/c2d_routes.h"
#include "front/http/digital_twin_routes.h"
#include "front/http/feedback_routes.h"
#include "front/http/identity_routes.h"
#include "front/http/method_routes.h"
#include "front/http/query_routes.h"
#include "front/http/service_api.h"
#include "front/http/telemetry_routes.h"
#include "front/http/twin_routes.h"
#include "hub/device/registry.h"
#include "json/parse.h"
#include "store/memory/device_store.h"
#include "store/memory/event_log.h"
#include "support/fake_shard.h"

namespace {

using namespace nave;

constexpr size_t kRequestsMax = 16;

std::string_view take(std::string_view& text, std::string_view until) {
  const size_t end = std::min(text.find(until), text.size());
  const std::string_view out = text.substr(0, end);
  text.remove_prefix(std::min(end + until.size(), text.size()));
  return out;
}

net::HttpRequest request_of(std::string_view text) {
  net::HttpRequest out;
  std::string_view line = take(text, "\n");
  out.method = take(line, " ");
  out.target = line;
  while (!text.empty()) {
    std::string_view header = take(text, "\n");
    if (header.empty()) break;
    const std::string_view name = take(header, ": ");
    out.headers.emplace_back(name, header);
  }
  out.body = text;
  return out;
}

class Hub {
 public:
  Hub() {
    registry_.set_queue(c2d_);
    send(request_of("PUT /devices/d0?api-version=1\n\n{}"));
  }

  void send(net::HttpRequest request) {
    request.headers.emplace_back("Authorization", token_);
    request.peer.address = "192.0.2.7";
    int answers = 0;
    api_.handle(std::move(request), shard_.context, [&answers](const net::HttpResponse& response) {
      ++answers;
      check(response);
    });
    shard_.run_until_idle();
    if (answers == 0) shard_.advance(301'000);  // a method may wait so long for its device
    NAVE_CHECK(answers == 1, "every request is answered once");
  }

 private:
  static std::string header(const net::HttpResponse& response, std::string_view name) {
    for (const auto& [n, v] : response.headers) {
      if (n == name) return v;
    }
    return "";
  }

  static void check(const net::HttpResponse& response) {
    NAVE_CHECK(header(response, "x-ms-request-id").size() == 36, "every answer has an id");
    const bool is_json = header(response, "Content-Type").starts_with("application/json");
    if (is_json) NAVE_CHECK(json::parse(response.body, {.bytes_max = 64 << 20}), "what says that it is JSON is");
    if (response.status < 400) return;
    NAVE_CHECK(response.status < 500 || response.status > 501, "no request is the server's fault");
    NAVE_CHECK(is_json && !header(response, "iothub-errorcode").empty(), "errors are JSON and have a name");
  }

  std::vector<front::http::Route> routes() {
    std::vector<front::http::Route> out = front::http::identity_routes(registry_);
    const auto add = [&out](std::vector<front::http::Route> more) { std::ranges::move(more, std::back_inserter(out)); };
    add(front::http::twin_routes(twins_));
    add(front::http::query_routes(queries_));
    add(front::http::method_routes(methods_));
    add(front::http::digital_twin_routes(twins_, methods_, info_));
    add(front::http::c2d_routes(c2d_, sessions_));
    add(front::http::feedback_routes(c2d_.feedback(), info_));
    add(front::http::telemetry_routes(sessions_, {&ingest_}));
    return out;
  }

  test::FakeShard shard_;
  Metrics metrics_;
  store::memory::MemoryDeviceStore store_;
  auth::Policies policies_{auth::make_default_policies()};
  hub::HubInfo info_{"hub1.example.test", {"localhost"}};
  hub::Authenticator authenticator_{store_, policies_, info_, shard_.clock};
  hub::SessionDirectory sessions_{store_, shard_.clock, metrics_};
  hub::Registry registry_{store_, sessions_, info_, shard_.clock};
  hub::TwinService twins_{store_, registry_, sessions_, shard_.clock, metrics_};
  hub::MethodService methods_{registry_, sessions_, 1, metrics_};
  hub::C2dService c2d_{store_, registry_, sessions_, shard_.clock, metrics_, shard_.executor, {}};
  hub::QueryService queries_{store_, registry_, shard_.executor, shard_.clock, metrics_};
  store::memory::MemoryEventLog log_{4, shard_.clock, shard_.executor};
  hub::Ingest ingest_{log_, info_, shard_.context, metrics_};
  const std::string token_ = auth::make_sas(info_.host_name, policies_.current()->find("iothubowner")->primary_key,
                                            unix_seconds(shard_.clock.utc()) + 3600 * 24, "iothubowner");
  front::http::ServiceApi api_{authenticator_, routes()};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool quiet = [] {
    log::set_level(log::Level::kError);
    return true;
  }();
  if (!quiet) return 0;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Hub hub;
  for (size_t i = 0; i < kRequestsMax && !text.empty(); ++i) hub.send(request_of(take(text, "\n---\n")));
  return 0;
}
