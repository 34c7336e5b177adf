// The shards: one thread, one event loop, one timer wheel each, with their own acceptors (SO_REUSEPORT). Sockets stay
// behind this header.
#pragma once

#include <memory>
#include <string>

#include "base/limits.h"
#include "base/metrics.h"
#include "net/tls_context.h"
#include "net/transport.h"

namespace nave::net {

struct ListenOptions {
  std::string name;     // "mqtt", "amqp", "https", "metrics": label of metrics and log lines
  std::string address;  // textual IP address; "" is every address, IPv4 and IPv6
  uint16_t port = 0;    // 0 picks a free one
  bool tls = true;      // false only for the loopback metrics listener
};

struct RuntimeOptions {
  size_t shards = 1;
  size_t connections_max = limits::kConnectionsMax;
  size_t connections_per_address_max = limits::kConnectionsPerAddressMax;
  int64_t tls_handshake_ms = limits::kTlsHandshakeMs;
};

class Runtime {
 public:
  // Throws std::system_error when the event loops cannot be made. `clock` and `metrics` outlive the runtime.
  Runtime(RuntimeOptions options, const Clock& clock, Metrics& metrics);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  [[nodiscard]] size_t shard_count() const;
  [[nodiscard]] const ShardContext& shard(size_t i) const;

  // Binds now and returns the port; accepting begins with start(). `tls` may be replaced later with
  // TlsContext::reload(). Throws std::system_error with a message that names address and port.
  uint16_t listen(const ListenOptions& options, std::shared_ptr<TlsContext> tls, HandlerFactory factory);

  void start();
  // Stops accepting, closes every connection with kShutdown (pending bytes are sent, for at most `grace_ms`), joins the
  // threads. Idempotent; the destructor calls it.
  void stop(int64_t grace_ms);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nave::net
