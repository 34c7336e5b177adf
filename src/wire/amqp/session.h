// One session: its links by handle, its windows, and the ids of what it sends. Internal to the engine; fronts see
// links.
//
// Both channels of a session have the same number, and so do both handles of a link: whatever the peer picked is free
// on our side too, because nothing here is ever opened by us.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "wire/amqp/connection_listener.h"
#include "wire/amqp/link.h"
#include "wire/amqp/performatives.h"
#include "wire/amqp/unsettled_map.h"

namespace nave::wire::amqp {

class ConnectionMachine;

class Session {
 public:
  Session(ConnectionMachine& machine, SessionId id, uint16_t channel, const Begin& begin);

  [[nodiscard]] SessionId id() const { return id_; }
  [[nodiscard]] uint16_t channel() const { return channel_; }
  // We ended it because of an error and wait for the peer's end; its frames are dropped.
  [[nodiscard]] bool ended() const { return ended_; }

  void write_begin();

  // Frames of the peer: the list under the descriptor.
  void on_attach(const Item& fields);
  void on_flow(const Item& fields);
  void on_transfer(const Item& fields, ByteView payload);
  void on_disposition(const Item& fields);
  void on_detach(const Item& fields);

  // The session is over, whoever ended it: takes its links out of use and hands over those that were live, which the
  // caller reports. Writes nothing.
  [[nodiscard]] std::vector<Link*> retire();

 private:
  friend class Link;
  friend class ConnectionMachine;

  // What a transfer says besides its payload.
  struct Sending {
    uint64_t number = 0;
    SendOptions options;
    bool started = false;
  };

  void fail(std::string_view condition, std::string_view text);
  void end(const std::optional<Error>& error);
  void end_link(Link& link, DetachInfo::Cause cause, std::string_view condition, std::string_view text);
  void steal(std::string_view name, Role peer_role);
  void forget(Link& link);
  void remove(Link& link);
  [[nodiscard]] Link* by_handle(uint32_t handle) const;

  void update_window(const Flow& flow);
  void on_sender_flow(Link& link, const Flow& flow);
  void on_receiver_flow(Link& link, const Flow& flow);
  void finish_drain(Link& link);
  void write_flow(const Link* link, bool drain_done = false);

  void begin_delivery(Link& link, const Transfer& transfer, ByteView payload);
  void continue_delivery(Link& link, const Transfer& transfer, ByteView payload);
  bool append_partial(Link& link, ByteView payload);
  void deliver(Link& link, const Delivery& delivery);

  void report_outcome(uint32_t wire_id, const Outcome& outcome, bool settled);
  // Writes frames of one message until it is complete or the window is used up; returns the bytes written.
  size_t transmit(Link& link, ByteView message, Sending& sending, bool& complete);
  size_t write_transfer(Link& link, ByteView rest, const Sending& sending, uint32_t delivery_id, bool& more);
  void pump(Link& link);
  void pump_waiting();

  ConnectionMachine& machine_;
  SessionId id_;
  uint16_t channel_;
  bool ended_ = false;

  uint32_t next_incoming_id_;
  uint32_t frames_since_flow_ = 0;
  uint32_t next_outgoing_id_ = 1;  // as the real hub (§1 R8)
  uint32_t remote_window_;         // frames that the peer takes now
  uint32_t next_delivery_id_ = 0;

  std::unordered_map<uint32_t, std::unique_ptr<Link>> links_;
  std::unordered_multimap<std::string_view, Link*> by_name_;  // live links
  UnsettledMap unsettled_;
  std::list<LinkId> waiting_;  // for the peer's window
};

}  // namespace nave::wire::amqp
