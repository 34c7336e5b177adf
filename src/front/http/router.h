// Which operation a request means: a table of methods and path patterns, with the rights that each needs.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "auth/policy.h"
#include "base/limits.h"
#include "front/http/reply.h"
#include "hub/device/authenticator.h"
#include "json/value.h"
#include "net/http.h"

namespace nave::front::http {

// A request that was let in, on its way to its handler.
struct Call {
  net::HttpRequest request;
  std::vector<std::string> ids;  // what stands at the {} of the pattern, decoded
  json::Value body;              // null unless the route takes JSON
  const ShardContext& shard;
  Reply reply;
  std::optional<hub::DeviceGrant> device = {};  // with Caller::kDevice: who it is
};

// Whom a route is for.
enum class Caller : uint8_t {
  kService,  // a policy with one of the route's rights; must name an api-version
  // The device or module of a pattern "devices/{}/…" or "devices/{}/modules/{}/…", or a policy with DeviceConnect;
  // api-version is optional.
  kDevice,
};

// What the body must be before the handler runs: raw bytes are the handler's own business.
enum class Body : uint8_t { kRaw, kObject, kArray, kAnyJson };

struct Route {
  std::string_view method;
  std::string_view pattern;         // "devices/{}/modules": literals ignore case, {} takes one segment
  std::vector<auth::Right> any_of;  // one of these rights suffices; empty with Caller::kDevice
  Body body = Body::kRaw;
  std::function<void(Call)> handler;  // on the shard of the request
  Caller caller = Caller::kService;
  // More than kHttpBodyBytesMax is for routes of policies only: nobody else makes us hold so much.
  size_t body_bytes_max = limits::kHttpBodyBytesMax;
  bool needs_all = false;  // all the rights of any_of
};

struct Match {
  const Route* route;
  std::vector<std::string> ids;
};
struct NoSuchPath {};
struct NoSuchMethod {
  std::string allowed;  // for the Allow header
};

class Router {
 public:
  // Earlier rows win: literal patterns stand before those that take ids.
  explicit Router(std::vector<Route> routes);
  [[nodiscard]] std::variant<Match, NoSuchPath, NoSuchMethod> find(std::string_view method,
                                                                   const std::vector<std::string>& segments) const;
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
  std::vector<std::vector<std::string_view>> patterns_;  // of routes_, split
};

}  // namespace nave::front::http
