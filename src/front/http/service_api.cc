#include "front/http/service_api.h"

#include <algorithm>

#include "base/limits.h"
#include "base/log.h"
#include "base/url.h"
#include "front/http/path.h"
#include "json/parse.h"

namespace nave::front::http {
namespace {

using hub::Error;
using hub::ErrorCode;
using hub::HubResult;

// Any value that looks like a version: clients are of many ages (§1).
HubResult<void> check_api_version(const net::HttpRequest& request) {
  constexpr size_t kVersionCharsMax = 64;
  const std::string version = query_parameter(request.query(), "api-version").value_or("");
  const auto allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
           c == '_';
  };
  if (!version.empty() && version.size() <= kVersionCharsMax && std::all_of(version.begin(), version.end(), allowed)) {
    return {};
  }
  return fail(Error(ErrorCode::kInvalidProtocolVersion));
}

// Java's HTTP client has no PATCH and says so in a header (§1).
void apply_method_override(net::HttpRequest& request) {
  if (request.method != "POST") return;
  if (const auto method = request.header("X-HTTP-Method-Override")) request.method = std::string(*method);
}

// An empty body is no JSON, and where any JSON will do it means null.
HubResult<json::Value> parse_body(const net::HttpRequest& request, Body wanted, size_t bytes_max) {
  if (wanted == Body::kAnyJson && request.body.empty()) return json::Value();
  if (request.body.size() > bytes_max) return fail(Error(ErrorCode::kGenericRequestEntityTooLarge));
  auto body = json::parse(request.body, {.bytes_max = bytes_max});
  if (!body) return fail(Error(ErrorCode::kIotHubFormatError, body.error().message()));
  if (wanted == Body::kObject && body->if_object() == nullptr) {
    return fail(Error(ErrorCode::kIotHubFormatError, "The body must be a JSON object"));
  }
  if (wanted == Body::kArray && body->if_array() == nullptr) {
    return fail(Error(ErrorCode::kIotHubFormatError, "The body must be a JSON array"));
  }
  return *std::move(body);
}

// Why is for the log only.
auto refuse(const net::HttpRequest& request, std::string_view why) {
  log::write_limited(log::Level::kWarning, log::Category::kConnections, "HTTPS request refused",
                     "HTTPS request refused", {{"reason", why}, {"address", request.peer.address}});
  return fail(Error(ErrorCode::kIotHubUnauthorizedAccess));
}

}  // namespace

ServiceApi::ServiceApi(const hub::Authenticator& authenticator, std::vector<Route> routes)
    : authenticator_(authenticator), router_(std::move(routes)) {}

HubResult<void> ServiceApi::authorize(const net::HttpRequest& request, const Route& route,
                                      const std::vector<std::string>& segments) const {
  const auto grant = authenticator_.service(request.header("Authorization").value_or(""));
  if (!grant) return refuse(request, grant.error().message);
  const std::vector<std::string_view> resource(segments.begin(), segments.end());
  const auto allowed = [&](auth::Right right) { return grant->allows(right, resource); };
  if (route.needs_all ? std::ranges::all_of(route.any_of, allowed) : std::ranges::any_of(route.any_of, allowed)) {
    return {};
  }
  return refuse(request, "the policy lacks the right, or its scope does not cover the resource");
}

HubResult<hub::DeviceGrant> ServiceApi::identify(const net::HttpRequest& request,
                                                 const std::vector<std::string>& segments) const {
  const bool module = segments.size() > 3 && equals_ignore_case(segments[2], "modules");
  const IdentityKey key{segments.at(1), module ? segments[3] : ""};
  auto grant = authenticator_.device(key, request.header("Authorization").value_or(""));
  if (!grant) return refuse(request, grant.error().message);
  return grant;
}

void ServiceApi::handle(net::HttpRequest request, const ShardContext& shard, net::HttpResponder respond) {
  Reply reply(std::move(respond), shard.clock);
  apply_method_override(request);
  const auto segments = split_path(request.path());
  auto found = segments ? router_.find(request.method, *segments) : NoSuchPath{};
  if (std::holds_alternative<NoSuchPath>(found)) {
    reply.error(ErrorCode::kGenericNotFound);
    return;
  }
  if (auto* method = std::get_if<NoSuchMethod>(&found)) {
    reply.error(ErrorCode::kGenericMethodNotAllowed, {{"Allow", std::move(method->allowed)}});
    return;
  }
  Match& match = std::get<Match>(found);
  Call call{std::move(request), std::move(match.ids), {}, shard, std::move(reply)};
  if (const auto ok = admit(call, *match.route, *segments); !ok) {
    call.reply.error(ok.error());
    return;
  }
  match.route->handler(std::move(call));
}

net::HttpBodyPlan ServiceApi::plan_body(const net::HttpRequest& head) const {
  const auto segments = split_path(head.path());
  if (!segments) return {};
  const auto found = router_.find(head.method, *segments);
  const Match* match = std::get_if<Match>(&found);
  if (match == nullptr || match->route->body_bytes_max <= limits::kHttpBodyBytesMax) return {};
  if (match->route->caller != Caller::kService || !authorize(head, *match->route, *segments)) return {};
  return {.bytes_max = match->route->body_bytes_max};
}

HubResult<void> ServiceApi::admit(Call& call, const Route& route, const std::vector<std::string>& segments) const {
  if (route.caller == Caller::kDevice) {
    auto device = identify(call.request, segments);
    if (!device) return fail(std::move(device.error()));
    call.device = *std::move(device);
  } else {
    if (auto ok = authorize(call.request, route, segments); !ok) return ok;
    if (auto ok = check_api_version(call.request); !ok) return ok;
  }
  if (route.body == Body::kRaw) return {};
  auto body = parse_body(call.request, route.body, route.body_bytes_max);
  if (!body) return fail(std::move(body.error()));
  call.body = *std::move(body);
  return {};
}

}  // namespace nave::front::http
