#include "net/acceptor.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "net/connection.h"

namespace nave::net {

using log::Category;
using log::Level;

Acceptor::Acceptor(Shard& shard, Socket socket, Listener& listener)
    : shard_(shard), listener_(listener), socket_(std::move(socket)) {
  if (!shard_.loop.watch(socket_.fd(), EPOLLIN, *this)) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
}

Acceptor::~Acceptor() {
  shard_.loop.unwatch(socket_.fd());
}

void Acceptor::on_events(uint32_t /*events*/) {
  // Bounded, so that a storm of connections leaves turns for those that are already here.
  constexpr int kAcceptsPerTurn = 64;
  for (int i = 0; i < kAcceptsPerTurn && !shard_.stopping(); ++i) {
    if (!accept_one()) return;
  }
}

bool Acceptor::accept_one() {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  Socket socket(::accept4(socket_.fd(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket.is_open()) {
    const int error = errno;
    if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) pause(error);
    return error == ECONNABORTED || error == EINTR;
  }
  PeerAddress peer = peer_address(address);
  if (!admitted(peer)) {
    socket.reset();
    return true;
  }
  auto connection = std::make_unique<Connection>(shard_, listener_, std::move(socket), std::move(peer));
  Connection& started = *connection;
  shard_.adopt(std::move(connection));
  started.start();
  return true;
}

// A level-triggered listener whose connections cannot be accepted would spin.
void Acceptor::pause(int error) {
  shard_.shared.metrics.accept_paused.add();
  log::write_limited(Level::kWarning, Category::kConnections, "accept", "cannot accept connections for now",
                     {{"listener", listener_.name}, {"reason", std::strerror(error)}});
  shard_.loop.change(socket_.fd(), 0, *this);
  shard_.loop.timers().arm(*this, limits::kAcceptPauseMs);
}

void Acceptor::on_timer() {
  shard_.loop.change(socket_.fd(), EPOLLIN, *this);
}

bool Acceptor::admitted(const PeerAddress& peer) {
  const auto verdict = shard_.shared.limits.enter(peer.key);
  if (verdict == ConnectionLimits::Verdict::kAdmitted) return true;
  const bool total = verdict == ConnectionLimits::Verdict::kTooMany;
  (total ? shard_.shared.metrics.refused_total : shard_.shared.metrics.refused_address).add();
  log::write_limited(
      Level::kWarning, Category::kConnections, "refused",
      total ? "connection refused: too many connections" : "connection refused: too many from one address",
      {{"listener", listener_.name}, {"address", peer.text}});
  return false;
}

}  // namespace nave::net
