// The HTTPS API: what back ends, service SDKs, `az iot` and Azure IoT Explorer call, and what devices call that speak
// HTTPS. Checks every request in one order (reference/service-rest.md §4): route, authorization, api-version, JSON; the
// rest is the operation's business.
#pragma once

#include <vector>

#include "front/http/router.h"
#include "hub/device/authenticator.h"
#include "net/http.h"

namespace nave::front::http {

// Shared by all shards; immutable after construction.
class ServiceApi final : public net::HttpHandler {
 public:
  // `authenticator` and what the routes refer to outlive the API.
  ServiceApi(const hub::Authenticator& authenticator, std::vector<Route> routes);

  // Everything that is no route gets a 404.
  void handle(net::HttpRequest request, const ShardContext& shard, net::HttpResponder respond) override;
  // What the route allows, to those whom it lets in; the usual limit to everybody else.
  [[nodiscard]] net::HttpBodyPlan plan_body(const net::HttpRequest& head) const override;

 private:
  // Everything but the route; fills in what the route asks for.
  [[nodiscard]] hub::HubResult<void> admit(Call& call, const Route& route,
                                           const std::vector<std::string>& segments) const;
  [[nodiscard]] hub::HubResult<void> authorize(const net::HttpRequest& request, const Route& route,
                                               const std::vector<std::string>& segments) const;
  [[nodiscard]] hub::HubResult<hub::DeviceGrant> identify(const net::HttpRequest& request,
                                                          const std::vector<std::string>& segments) const;

  const hub::Authenticator& authenticator_;
  Router router_;
};

}  // namespace nave::front::http
