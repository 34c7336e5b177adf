// HTTP/1.1 as its users see it: a whole request in, a whole response out, and the upgrade to WebSocket. Bodies that are
// too large for memory pass in pieces, both ways. Parsing, framing, limits, keep-alive and WebSocket frames are net's
// business (http_connection, ws_transport).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
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

// The body of a response in pieces, on the shard of the request.
class HttpBodySource {
 public:
  virtual ~HttpBodySource() = default;
  // Asked for the next piece when the peer has taken enough of those before; the reply comes on the shard, perhaps
  // inside the call, and may come after this is destroyed. nullopt, an empty piece or too long a one cuts the
  // connection.
  virtual void next(UniqueFunction<void(std::optional<std::string>)> reply) = 0;
};

// Header names are sent exactly as spelled here: some clients compare them byte for byte
// (reference/device-mqtt-https.md §8.2). Content-Length and, on close, Connection are added by net.
struct HttpResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool close = false;  // close the connection after this response
  // Instead of `body`: what is announced as Content-Length and comes from `source`, which may be missing in an answer
  // to HEAD.
  std::optional<uint64_t> length = std::nullopt;
  std::unique_ptr<HttpBodySource> source = nullptr;
};

// Answers one request. Move-only; calling it a second time has no effect, destroying it unanswered sends a 500.
// May be called later, but only on the shard of the request. Safe to call after the connection is gone.
using HttpResponder = UniqueFunction<void(HttpResponse)>;

// Takes the body of one request in pieces, on its shard. Destroyed before end(): the rest will not come.
class HttpBodyTaker {
 public:
  virtual ~HttpBodyTaker() = default;
  // False: enough waits, and nothing comes until `more` (HttpHandler::take_body) is called.
  [[nodiscard]] virtual bool take(ByteView bytes) = 0;
  // The body was whole. Last call.
  virtual void end() = 0;
};

struct HttpBodyPlan {
  uint64_t bytes_max = limits::kHttpBodyBytesMax;  // more is answered with 413
  bool in_pieces = false;                          // take_body() follows, not handle()
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // Asked for every request that has a body, before any of it is read; `head` is the request without it.
  [[nodiscard]] virtual HttpBodyPlan plan_body(const HttpRequest& head) const;
  // `respond` may be called at any time; before HttpBodyTaker::end() it also closes the connection. nullptr: it was
  // called already. `more` is for the shard, also after the connection is gone.
  [[nodiscard]] virtual std::unique_ptr<HttpBodyTaker> take_body(HttpRequest head, const ShardContext& shard,
                                                                 HttpResponder respond, UniqueFunction<void()> more);
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
