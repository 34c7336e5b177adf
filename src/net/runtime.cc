#include "net/runtime.h"

#include <csignal>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "net/shard.h"

namespace nave::net {

struct Runtime::Impl {
  Impl(const RuntimeOptions& o, const Clock& clock, Metrics& m)
      : options(o), metrics(m), shared{{o.connections_max, o.connections_per_address_max}, NetMetrics(m)} {
    for (size_t i = 0; i < options.shards; ++i) {
      shards.push_back(std::make_unique<Shard>(ShardId{static_cast<uint16_t>(i)}, clock, shared));
    }
  }

  RuntimeOptions options;
  Metrics& metrics;
  RuntimeShared shared;
  std::deque<Listener> listeners;  // stable addresses; outlive the shards' connections
  std::vector<std::unique_ptr<Shard>> shards;
  std::vector<std::thread> threads;
  bool started = false;
  bool stopped = false;
};

Runtime::Runtime(RuntimeOptions options, const Clock& clock, Metrics& metrics) {
  NAVE_CHECK(options.shards >= 1, "a runtime has at least one shard");
  // Writing to a closed socket is an error code here, wherever it happens.
  std::signal(SIGPIPE, SIG_IGN);
  impl_ = std::make_unique<Impl>(options, clock, metrics);
}

Runtime::~Runtime() {
  stop(0);
}

size_t Runtime::shard_count() const {
  return impl_->shards.size();
}

const ShardContext& Runtime::shard(size_t i) const {
  return impl_->shards.at(i)->context;
}

uint16_t Runtime::listen(const ListenOptions& options, std::shared_ptr<TlsContext> tls, HandlerFactory factory) {
  NAVE_CHECK(!impl_->started, "listen() comes before start()");
  NAVE_CHECK(!options.tls || tls, "a TLS listener needs a TlsContext");
  Gauge& connections =
      impl_->metrics.gauge("nave_connections", "Open connections", "listener=\"" + options.name + "\"");
  const bool share = impl_->shards.size() > 1;
  if (share && options.port != 0) require_free_port(options.address, options.port);
  std::vector<Socket> sockets;
  uint16_t port = options.port;
  for (size_t i = 0; i < impl_->shards.size(); ++i) {
    sockets.push_back(listen_on(options.address, port, share));
    if (port == 0) port = local_port(sockets.front());
  }
  Listener& listener =
      impl_->listeners.emplace_back(Listener{options.name, options.tls ? std::move(tls) : nullptr, std::move(factory),
                                             connections, impl_->options.tls_handshake_ms});
  for (size_t i = 0; i < sockets.size(); ++i) impl_->shards[i]->add_acceptor(std::move(sockets[i]), listener);
  return port;
}

void Runtime::start() {
  NAVE_CHECK(!impl_->started, "start() is called once");
  impl_->started = true;
  for (const auto& shard : impl_->shards) {
    impl_->threads.emplace_back([s = shard.get()] { s->run(); });
  }
}

void Runtime::stop(int64_t grace_ms) {
  if (std::exchange(impl_->stopped, true)) return;
  for (size_t i = 0; i < impl_->threads.size(); ++i) {
    Shard* const shard = impl_->shards[i].get();
    shard->loop.post([shard, grace_ms] { shard->begin_stop(grace_ms); });
  }
  for (std::thread& t : impl_->threads) t.join();
}

}  // namespace nave::net
