// HTTP/1.1 as its users see it: a whole request in, a whole response out, and the upgrade to WebSocket. Parsing,
// framing, limits, keep-alive and WebSocket frames are net's business (http_connection, ws_transport).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/transport.h"

namespace nave::net {

// Header names are matched ignoring case; values are trimmed.
struct HttpRequest {
  std::string method;  // upper case; X-HTTP-Method-Override is already applied to a POST
  std::string target;  // as sent: path and query, still percent-encoded
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  PeerInfo peer;

  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  [[nodiscard]] std::string_view path() const;   // target up to '?'
  [[nodiscard]] std::string_view query() const;  // after '?', may be empty
};

// Header names are sent exactly as spelled here: some clients compare them byte for byte
// (reference/device-mqtt-https.md §8.2). Content-Length and, on close, Connection are added by net.
struct HttpResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool close = false;  // close the connection after this response
};

// Answers one request. Move-only; calling it a second time has no effect, destroying it unanswered sends a 500.
// May be called later, but only on the shard of the request. Safe to call after the connection is gone.
using HttpResponder = UniqueFunction<void(HttpResponse)>;

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // Runs on the connection's shard. One request of a connection at a time, in order.
  virtual void handle(HttpRequest request, const ShardContext& shard, HttpResponder respond) = 0;
};

// What a WebSocket upgrade leads to: the sub-protocol exactly as the client spelled it (it is echoed), and the protocol
// that will speak inside. nullopt refuses the upgrade with 400.
struct WsUpgrade {
  std::string subprotocol;
  std::unique_ptr<Handler> handler;
};
using WsUpgrader = std::function<std::optional<WsUpgrade>(
    std::string_view path, const std::vector<std::string>& offered_subprotocols, const ShardContext&)>;

// A HandlerFactory for the HTTPS listener. `http` outlives every connection.
[[nodiscard]] HandlerFactory make_http_factory(HttpHandler& http, WsUpgrader upgrade);

}  // namespace nave::net
