// What operators and probes ask: /health/live, /health/ready, /metrics. Stands in front of the service API on the HTTPS
// listener, and alone on the plain loopback listener.
#pragma once

#include "base/function.h"
#include "base/metrics.h"
#include "hub/device/authenticator.h"
#include "net/http.h"

namespace nave::front::http {

class OpsApi final : public net::HttpHandler {
 public:
  // Empty: ready. Otherwise what is missing, in words for an operator. Called on any shard, must be thread-safe.
  using Readiness = std::function<std::string()>;

  // Everything else goes to `next`; without one it gets a 404. All references outlive the API.
  OpsApi(Metrics& metrics, const hub::Authenticator& authenticator, Readiness readiness, net::HttpHandler* next);

  // Health is open to everybody and says nothing but yes or no, plus the reason to those who may read metrics. Metrics
  // are for loopback peers and for bearers of a token of any policy.
  void handle(net::HttpRequest request, const ShardContext& shard, net::HttpResponder respond) override;
  // As `next` says for what goes there.
  [[nodiscard]] net::HttpBodyPlan plan_body(const net::HttpRequest& head) const override;
  [[nodiscard]] std::unique_ptr<net::HttpBodyTaker> take_body(net::HttpRequest head, const ShardContext& shard,
                                                              net::HttpResponder respond,
                                                              UniqueFunction<void()> more) override;

 private:
  [[nodiscard]] bool is_trusted(const net::HttpRequest& request) const;

  Metrics& metrics_;
  const hub::Authenticator& authenticator_;
  Readiness readiness_;
  net::HttpHandler* next_;
};

}  // namespace nave::front::http
