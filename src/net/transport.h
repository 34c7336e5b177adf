// The border between sockets and protocols. A Transport is one reliable byte stream to one peer (TLS over TCP, or a
// WebSocket inside it); a Handler is the protocol that speaks on it. Protocol fronts know only this header of `net`, so
// they compile without an event loop and run unchanged over a test double or the simulator's network.
//
// Everything here belongs to one shard: all calls are made on the shard's thread, none is re-entrant into itself except
// that a Handler may call any Transport member from inside its own callbacks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/function.h"
#include "base/shard_context.h"

namespace nave::net {

struct PeerInfo {
  std::string address;  // textual IP address, without port
  uint16_t port = 0;
  std::string server_name;             // TLS SNI, lower case; empty if none was sent
  std::string certificate_der;         // the client's leaf certificate, unverified; empty if none was presented
  std::vector<std::string> chain_der;  // what else the client sent, leaf excluded
};

enum class CloseReason : uint8_t {
  kPeer,      // the peer closed or reset, or the network failed
  kLocal,     // our Handler called close() or abort()
  kTimeout,   // a deadline of the transport's own (TLS handshake)
  kProtocol,  // TLS or WebSocket violation
  kOverload,  // the peer does not take what is sent to it (limits::kUnsentBytesMax)
  kShutdown,
};

class Transport {
 public:
  virtual ~Transport() = default;

  // Appends a copy of `bytes` to what will be sent. What is written during one turn of the event loop leaves together,
  // as few TLS records as fit. No effect after close() or abort().
  virtual void send(ByteView bytes) = 0;
  // Sends what is pending, then closes in order (TLS close_notify, FIN). The Handler gets no more bytes; on_closed()
  // follows, never from inside this call.
  virtual void close() = 0;
  // Drops everything now. on_closed() follows, never from inside this call.
  virtual void abort() = 0;
  // Stops and restarts on_bytes(). Bytes already in flight inside the current on_bytes() are still delivered whole.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  // Bytes that the peer has not taken yet. Producers that can wait (event readers) stop above limits::kUnsentBytesHigh
  // and go on in on_drained().
  [[nodiscard]] virtual size_t unsent_bytes() const = 0;
  [[nodiscard]] virtual const PeerInfo& peer() const = 0;
  [[nodiscard]] virtual const ShardContext& shard() const = 0;
};

class Handler {
 public:
  virtual ~Handler() = default;

  // First call. The transport outlives the handler.
  virtual void on_open(Transport& transport) = 0;
  // Bytes as they arrive, in any split. The view is valid during the call only.
  virtual void on_bytes(ByteView bytes) = 0;
  // unsent_bytes() came back to zero after it had been above limits::kUnsentBytesHigh.
  virtual void on_drained() {}
  // Last call; the handler is destroyed afterwards. Must not touch the transport any more.
  virtual void on_closed(CloseReason reason) = 0;
};

// Makes the handler of a freshly accepted connection; runs on the shard that accepted it.
using HandlerFactory = std::function<std::unique_ptr<Handler>(const ShardContext&)>;

}  // namespace nave::net
