// One shard: its loop, the connections that it accepted, and the buffers they share while it is their turn.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/shard_context.h"
#include "net/connection_limits.h"
#include "net/event_loop.h"
#include "net/net_metrics.h"
#include "net/tls_session.h"
#include "net/transport.h"

namespace nave::net {

class Connection;
class Acceptor;

// What the connections of one listener have in common, on every shard. Outlives them.
struct Listener {
  std::string name;
  std::shared_ptr<TlsContext> tls;  // null: plain
  HandlerFactory factory;
  Gauge& connections;
  int64_t handshake_ms;
};

// What the shards of one Runtime have in common.
struct RuntimeShared {
  ConnectionLimits limits;
  NetMetrics metrics;
};

class Shard {
 public:
  Shard(ShardId id, const Clock& clock, RuntimeShared& shared);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // Before run(): the shard takes its share of the connections that arrive on `socket`.
  void add_acceptor(Socket socket, Listener& listener);
  // The shard's thread: returns after begin_stop() and the end of every connection.
  void run();
  // On the shard's thread. Every connection is closed with kShutdown; after `grace_ms` those that are left are cut.
  void begin_stop(int64_t grace_ms);

  // The rest is for connections and acceptors, on the shard's thread.
  void adopt(std::unique_ptr<Connection> connection);
  // The connection is flushed at the end of the turn.
  void mark_dirty(Connection& connection) { dirty_.push_back(&connection); }
  // The connection tells its handler, and is destroyed if it is dead, at the end of the turn.
  void mark_finished(Connection& connection) { finished_.push_back(&connection); }
  [[nodiscard]] bool stopping() const { return stopping_; }

  // An empty string that probably has capacity already, for bytes on their way out.
  [[nodiscard]] std::string take_buffer();
  void give_buffer(std::string&& buffer);

  EventLoop loop;
  RuntimeShared& shared;
  const ShardContext context;
  TlsIo io;
  // What one recv() returned, and what became of it: valid until the next connection's turn.
  std::vector<char> received;
  std::vector<char> decrypted;

 private:
  bool end_of_turn();
  void flush_dirty();
  void bury_finished();
  void destroy(Connection& connection);
  void cut_all();

  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::vector<std::unique_ptr<Connection>> connections_;  // a connection knows its index
  std::vector<Connection*> dirty_;
  std::vector<Connection*> finished_;
  std::vector<Connection*> batch_;
  std::vector<std::string> buffers_;
  std::unique_ptr<Timer> grace_;
  bool stopping_ = false;
};

}  // namespace nave::net
