#include "front/http/ops_api.h"

#include "front/http/reply.h"

namespace nave::front::http {
namespace {

constexpr const char* kTextType = "text/plain; charset=utf-8";

bool is_ours(std::string_view path) {
  return path == "/health/live" || path == "/health/ready" || path == "/metrics";
}

bool is_loopback(std::string_view address) {
  return address == "::1" || address.starts_with("127.") || address.starts_with("::ffff:127.");
}

}  // namespace

OpsApi::OpsApi(Metrics& metrics, const hub::Authenticator& authenticator, Readiness readiness, net::HttpHandler* next)
    : metrics_(metrics), authenticator_(authenticator), readiness_(std::move(readiness)), next_(next) {}

bool OpsApi::is_trusted(const net::HttpRequest& request) const {
  if (is_loopback(request.peer.address)) return true;
  const auto token = request.header("Authorization");
  return token && authenticator_.service(*token).has_value();
}

void OpsApi::handle(net::HttpRequest request, const ShardContext& shard, net::HttpResponder respond) {
  const std::string path(request.path());
  const bool ours = is_ours(path);
  if (!ours && next_ != nullptr) {
    next_->handle(std::move(request), shard, std::move(respond));
    return;
  }
  Reply reply(std::move(respond), shard.clock);
  if (!ours) {
    reply.error(hub::ErrorCode::kGenericNotFound);
  } else if (request.method != "GET") {
    reply.error(hub::ErrorCode::kGenericMethodNotAllowed, {{"Allow", "GET"}});
  } else if (path == "/health/live") {
    reply.text(200, kTextType, "live\n");
  } else if (path == "/health/ready") {
    const std::string missing = readiness_();
    const std::string detail = is_trusted(request) && !missing.empty() ? ": " + missing : "";
    reply.text(missing.empty() ? 200 : 503, kTextType, (missing.empty() ? "ready" : "not ready" + detail) + "\n");
  } else if (is_trusted(request)) {
    reply.text(200, "text/plain; version=0.0.4; charset=utf-8", metrics_.prometheus_text());
  } else {
    reply.error(hub::ErrorCode::kIotHubUnauthorizedAccess);
  }
}

net::HttpBodyPlan OpsApi::plan_body(const net::HttpRequest& head) const {
  return is_ours(head.path()) || next_ == nullptr ? net::HttpBodyPlan() : next_->plan_body(head);
}

std::unique_ptr<net::HttpBodyTaker> OpsApi::take_body(net::HttpRequest head, const ShardContext& shard,
                                                      net::HttpResponder respond, UniqueFunction<void()> more) {
  return next_->take_body(std::move(head), shard, std::move(respond), std::move(more));
}

}  // namespace nave::front::http
