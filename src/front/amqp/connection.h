// One AMQP connection: the wire's state machine on a transport. It authenticates (SASL, reference/amqp.md §2.1), keeps
// the peer's grants fresh, routes attaches, keeps time, and hands everything else to the handlers of its links.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "front/amqp/device_session.h"
#include "front/amqp/grants.h"
#include "front/amqp/link_handler.h"
#include "hub/device/authenticator.h"
#include "hub/hub_info.h"
#include "net/transport.h"
#include "wire/amqp/connection_machine.h"

namespace nave::front::amqp {

class Connection;

// For work that outlives a connection: `connection` is nullptr once it is gone. Shard thread only.
struct ConnectionHandle {
  Connection* connection;
};

// What all connections share; made once, outlives them.
struct FrontContext {
  FrontContext(const hub::HubInfo& hub_info, const hub::Authenticator& auth, Metrics& metrics);

  const hub::HubInfo& hub;
  const hub::Authenticator& authenticator;
  Router router;  // the wiring adds the nodes, $cbs included
  wire::amqp::ConnectionOptions options;
  Gauge& connections;
};

class Connection final : public net::Handler, private wire::amqp::ConnectionListener {
 public:
  explicit Connection(const FrontContext& front);
  ~Connection() override;

  // --- for link handlers, on the shard.
  [[nodiscard]] const FrontContext& front() const { return front_; }
  [[nodiscard]] const ShardContext& shard() const { return transport_->shard(); }
  [[nodiscard]] const net::PeerInfo& peer() const { return transport_->peer(); }
  [[nodiscard]] UtcTime utc() const { return shard().clock.utc(); }
  [[nodiscard]] wire::amqp::ConnectionMachine& machine() { return machine_; }
  [[nodiscard]] Grants& grants() { return grants_; }
  [[nodiscard]] DeviceSessions& devices() { return devices_; }
  [[nodiscard]] const std::shared_ptr<ConnectionHandle>& handle() const { return handle_; }
  // The handler of a live link, or nullptr.
  [[nodiscard]] LinkHandler* handler(wire::amqp::LinkId id) const;

  // Ends a link, its handler told. Nothing happens if it is gone already.
  void detach(wire::amqp::LinkId id, const wire::amqp::Error& error);
  // Drops the connection with all that is on it, so that the peer sees a reset.
  void reset();

  // Sends what links have written. To be called at the end of work that did not begin in a callback of this connection;
  // inside one it does nothing, since the callback's own turn ends with it.
  void flush();
  // The peer takes less than is written for it: stop, and ask for when_writable().
  [[nodiscard]] bool congested();
  // Calls the link's on_sendable() once there is room again, never from inside this call.
  void when_writable(wire::amqp::LinkId id);

  // What came on this connection and waits for the disk: while there is too much of it, nothing more is read.
  void add_inflight(size_t messages, size_t bytes);
  void remove_inflight(size_t messages, size_t bytes);

  // --- net::Handler
  void on_open(net::Transport& transport) override;
  void on_bytes(ByteView bytes) override;
  void on_drained() override;
  void on_closed(net::CloseReason reason) override;

 private:
  class Tick;

  // --- wire::amqp::ConnectionListener
  bool on_sasl(std::string_view mechanism, ByteView initial_response) override;
  void on_open(const wire::amqp::Open& open, wire::amqp::OpenReply& reply) override;
  void on_attach(wire::amqp::Link& link) override;
  void on_delivery(wire::amqp::Link& link, const wire::amqp::Delivery& delivery) override;
  void on_sendable(wire::amqp::Link& link) override;
  void on_outcome(wire::amqp::Link& link, const wire::amqp::SentOutcome& outcome) override;
  void on_detach(wire::amqp::Link& link, const wire::amqp::DetachInfo& info) override;
  void on_closed(const wire::amqp::CloseInfo& info) override;

  [[nodiscard]] bool login_plain(ByteView response);
  void on_tick();
  void check_grants();
  void detach_unauthorized();
  void arm();
  void resume_waiting();
  void schedule_resume();
  void update_reading();

  const FrontContext& front_;
  net::Transport* transport_ = nullptr;
  DeviceSessions devices_;  // outlives the links, which are the machine's
  wire::amqp::ConnectionMachine machine_;
  Grants grants_;
  std::shared_ptr<ConnectionHandle> handle_;
  std::unique_ptr<Tick> tick_;
  int64_t opened_at_ms_ = 0;
  int64_t tick_at_ms_ = 0;
  std::deque<wire::amqp::LinkId> waiting_;  // when_writable(), oldest first
  bool in_turn_ = false;                    // inside a callback that ends with flush()
  size_t inflight_messages_ = 0;
  size_t inflight_bytes_ = 0;
  bool peer_is_slow_ = false;  // the peer does not take what was written for it
  bool paused_ = false;
  bool resume_posted_ = false;
  bool by_sasl_ = false;  // SASL PLAIN let it in: without a grant it must go
  bool closing_ = false;
};

// For the AMQP listener and for WebSockets. `front` outlives every connection.
[[nodiscard]] net::HandlerFactory make_amqp_factory(const FrontContext& front);

}  // namespace nave::front::amqp
