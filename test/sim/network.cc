#include "sim/network.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/crc32c.h"
#include "base/limits.h"

namespace nave::sim {

Socket::Socket(Scheduler& scheduler, uint64_t id, Peer& peer) : scheduler_(scheduler), id_(id), peer_(&peer) {
  info_.address = "192.0.2." + std::to_string(1 + id % 250);
  info_.port = 40000;
}

// Mostly everything, often a little: packets are cut at every place sooner or later.
size_t Socket::some_of(size_t n) {
  if (!scheduler_.rng.one_in(3)) return n;
  if (scheduler_.rng.one_in(2)) n = std::min<size_t>(n, 16);
  return 1 + scheduler_.rng.below(n);
}

void Socket::peer_send(ByteView bytes) {
  if (broken_ || peer_done_ || peer_ == nullptr) return;
  to_server_.append(bytes);
  plan_to_server();
}

void Socket::peer_close() {
  peer_ = nullptr;
  peer_done_ = true;
  to_peer_.clear();
  stalled_ = false;
  plan_to_server();
}

void Socket::peer_vanish() {
  peer_ = nullptr;
  broken_ = true;
  // A server learns of it when a packet is not acknowledged, or the peer's reset arrives.
  plan_end_server(scheduler_.rng.between(1 * kMs, 3 * kS), net::CloseReason::kPeer);
}

void Socket::peer_stall(bool stalled) {
  stalled_ = stalled;
  plan_to_peer();
}

void Socket::accept(const ShardContext& shard, std::unique_ptr<net::Handler> handler) {
  shard_ = &shard;
  handler_ = std::move(handler);
  handler_->on_open(*this);
  plan_to_server();
}

void Socket::refuse() {
  broken_ = true;
  tell_peer(0);
}

void Socket::send(ByteView bytes) {
  if (closing_ || !handler_ || broken_ || peer_done_) return;
  to_peer_.append(bytes);
  if (to_peer_.size() > limits::kUnsentBytesHigh) was_high_ = true;
  if (to_peer_.size() > limits::kUnsentBytesMax) return plan_end_server(0, net::CloseReason::kOverload);
  plan_to_peer();
}

void Socket::close() {
  if (closing_) return;
  closing_ = true;
  if (to_peer_.empty() || broken_ || peer_done_)
    return plan_end_server(scheduler_.rng.between(1, kMs), net::CloseReason::kLocal);
  // Whoever does not take the rest is not waited for any longer.
  plan_end_server(limits::kCloseLingerMs * kMs, net::CloseReason::kLocal);
}

void Socket::abort() {
  closing_ = true;
  broken_ = true;
  plan_end_server(0, net::CloseReason::kLocal);
}

void Socket::resume_reading() {
  paused_ = false;
  plan_to_server();
}

void Socket::cut() {
  if (broken_) return;
  broken_ = true;
  plan_end_server(scheduler_.rng.between(0, 2 * kS), net::CloseReason::kPeer);
  tell_peer(scheduler_.rng.between(0, 2 * kS));
}

void Socket::crash() {
  broken_ = true;
  end_server(net::CloseReason::kShutdown);
  tell_peer(scheduler_.rng.between(0, 200 * kMs));
}

void Socket::plan_to_server() {
  if (to_server_planned_ || !handler_ || closing_ || broken_ || paused_) return;
  if (to_server_.empty() && !peer_done_) return;
  to_server_planned_ = true;
  scheduler_.after(scheduler_.rng.between(10, 2 * kMs), life_, [this] {
    to_server_planned_ = false;
    deliver_to_server();
  });
}

void Socket::deliver_to_server() {
  if (!handler_ || closing_ || broken_ || paused_) return;
  if (to_server_.empty()) {
    if (peer_done_) end_server(net::CloseReason::kPeer);
    return;
  }
  const std::string piece = to_server_.substr(0, some_of(to_server_.size()));
  to_server_.erase(0, piece.size());
  scheduler_.note("in", id_, uint64_t{piece.size()} << 32 | crc32c(piece));
  handler_->on_bytes(piece);
  plan_to_server();
}

void Socket::plan_to_peer() {
  if (to_peer_planned_ || broken_ || stalled_ || to_peer_.empty() || peer_ == nullptr) return;
  to_peer_planned_ = true;
  scheduler_.after(scheduler_.rng.between(10, 2 * kMs), life_, [this] {
    to_peer_planned_ = false;
    deliver_to_peer();
  });
}

void Socket::deliver_to_peer() {
  if (broken_ || stalled_ || to_peer_.empty() || peer_ == nullptr) return;
  const auto self = shared_from_this();
  const std::string piece = to_peer_.substr(0, some_of(to_peer_.size()));
  to_peer_.erase(0, piece.size());
  scheduler_.note("out", id_, uint64_t{piece.size()} << 32 | crc32c(piece));
  if (to_peer_.empty() && was_high_ && handler_) {
    was_high_ = false;
    handler_->on_drained();
  }
  peer_->on_data(piece);
  if (to_peer_.empty() && closing_) return end_server(net::CloseReason::kLocal);
  plan_to_peer();
}

void Socket::plan_end_server(int64_t delay_us, net::CloseReason reason) {
  scheduler_.after(delay_us, life_, [this, reason] { end_server(reason); });
}

void Socket::end_server(net::CloseReason reason) {
  const auto self = shared_from_this();
  if (const auto handler = std::move(handler_)) {
    scheduler_.note("end", id_, static_cast<uint64_t>(reason));
    handler->on_closed(reason);
  }
  broken_ = true;
  tell_peer(scheduler_.rng.between(0, 10 * kMs));
}

void Socket::tell_peer(int64_t delay_us) {
  scheduler_.after(delay_us, life_, [this] {
    const auto self = shared_from_this();
    if (Peer* const peer = std::exchange(peer_, nullptr)) peer->on_disconnected();
  });
}

std::shared_ptr<Socket> Network::connect(Port port, Peer& peer) {
  sweep();
  auto socket = std::make_shared<Socket>(scheduler_, next_id_++, peer);
  sockets_.push_back(socket);
  scheduler_.after(scheduler_.rng.between(100, 3 * kMs), life_, [this, port, weak = std::weak_ptr(socket)] {
    const auto arrived = weak.lock();
    if (!arrived) return;
    if (listener_ == nullptr) return arrived->refuse();
    listener_->accept(port, *arrived);
  });
  return socket;
}

std::shared_ptr<Socket> Network::any() {
  sweep();
  if (sockets_.empty()) return nullptr;
  return scheduler_.rng.pick(sockets_);
}

void Network::crash() {
  listener_ = nullptr;
  const auto all = sockets_;
  for (const auto& socket : all) socket->crash();
}

size_t Network::handlers() {
  return static_cast<size_t>(std::ranges::count_if(sockets_, [](const auto& s) { return s->has_handler(); }));
}

// Held by nobody else, and without a handler.
void Network::sweep() {
  std::erase_if(sockets_, [](const auto& s) { return s.use_count() == 1 && !s->has_handler(); });
}

}  // namespace nave::sim
