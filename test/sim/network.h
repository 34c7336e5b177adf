// Simulated connections. Bytes arrive in pieces of any size after delays of any length, in order; peers stop reading;
// connections break, and the two ends learn of it at different times, one of them perhaps much later.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/transport.h"
#include "sim/scheduler.h"

namespace nave::sim {

class Socket;

// The end that an actor holds; the socket must not outlive it unless it was let go of.
class Peer {
 public:
  virtual ~Peer() = default;
  virtual void on_data(ByteView bytes) = 0;
  // The server closed, the network failed, or nobody listens. Last call.
  virtual void on_disconnected() = 0;
};

// One connection. It is the server's net::Transport; the functions named peer_… are the other end's.
class Socket final : public net::Transport, public std::enable_shared_from_this<Socket> {
 public:
  Socket(Scheduler& scheduler, uint64_t id, Peer& peer);

  // --- the actor's end.
  void peer_send(ByteView bytes);
  // In order: what was sent still arrives. The peer hears nothing more.
  void peer_close();
  // As if the machine had vanished: what is on its way is lost. The peer hears nothing more.
  void peer_vanish();
  void peer_stall(bool stalled);

  // --- the server's end.
  void accept(const ShardContext& shard, std::unique_ptr<net::Handler> handler);
  void refuse();
  void send(ByteView bytes) override;
  void close() override;
  void abort() override;
  void pause_reading() override { paused_ = true; }
  void resume_reading() override;
  [[nodiscard]] size_t unsent_bytes() const override { return to_peer_.size(); }
  [[nodiscard]] const net::PeerInfo& peer() const override { return info_; }
  [[nodiscard]] const ShardContext& shard() const override { return *shard_; }

  // --- the network's.
  // Both ends lose it.
  void cut();
  // The server's process ends: its handler hears of it at once, the peer soon.
  void crash();
  // The server still speaks on it: neither closed by it nor lost.
  [[nodiscard]] bool is_served() const { return handler_ && !closing_; }
  // There is still a handler.
  [[nodiscard]] bool has_handler() const { return handler_ != nullptr; }
  [[nodiscard]] uint64_t id() const { return id_; }

 private:
  void plan_to_server();
  void plan_to_peer();
  void deliver_to_server();
  void deliver_to_peer();
  void end_server(net::CloseReason reason);
  void plan_end_server(int64_t delay_us, net::CloseReason reason);
  void tell_peer(int64_t delay_us);
  [[nodiscard]] size_t some_of(size_t n);

  Scheduler& scheduler_;
  const uint64_t id_;
  const Life life_ = make_life();
  Peer* peer_;
  net::PeerInfo info_;
  const ShardContext* shard_ = nullptr;
  std::unique_ptr<net::Handler> handler_;
  std::string to_server_;
  std::string to_peer_;
  bool to_server_planned_ = false;
  bool to_peer_planned_ = false;
  bool paused_ = false;
  bool stalled_ = false;
  bool broken_ = false;     // nothing arrives any more, in either direction
  bool peer_done_ = false;  // the peer has closed in order
  bool closing_ = false;    // the server has closed; the rest is on its way
  bool was_high_ = false;
};

// All connections of a simulation.
class Network {
 public:
  explicit Network(Scheduler& scheduler) : scheduler_(scheduler) {}

  enum class Port : uint8_t { kMqtt, kAmqp, kHttps };
  // Who takes connections; nullptr while the hub is down.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void accept(Port port, Socket& socket) = 0;
  };
  void listen(Listener* listener) { listener_ = listener; }

  // The listener gets it a moment later, or the peer hears that nobody took it.
  std::shared_ptr<Socket> connect(Port port, Peer& peer);
  // Of those that live, any; nullptr if there is none.
  [[nodiscard]] std::shared_ptr<Socket> any();
  void crash();
  [[nodiscard]] size_t handlers();

 private:
  void sweep();

  Scheduler& scheduler_;
  const Life life_ = make_life();
  Listener* listener_ = nullptr;
  uint64_t next_id_ = 1;
  std::vector<std::shared_ptr<Socket>> sockets_;
};

}  // namespace nave::sim
