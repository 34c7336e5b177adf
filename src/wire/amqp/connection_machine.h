// The server's side of one AMQP 1.0 connection, without I/O and without a clock: bytes in, bytes and callbacks out.
// Protocol headers, SASL, frames, sessions, links, deliveries, credit, windows, heartbeats (reference/amqp.md §1, §2,
// §12).
//
// A front does, on one thread:
//   machine.feed(bytes, now);                     // callbacks happen here
//   transport.send(machine.output()); machine.output_sent();   // after every feed, on_time and asynchronous use of a
//   link if (machine.finished()) transport.close(); … a timer at machine.next_deadline_ms(): machine.on_time(now), then
//   send output as above … when the transport is gone: machine.abandon(), then destroy the machine
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "wire/amqp/connection_listener.h"
#include "wire/amqp/link.h"
#include "wire/amqp/output.h"
#include "wire/amqp/performatives.h"

namespace nave::wire::amqp {

struct Frame;
class Session;

struct ConnectionOptions {
  std::string container_id;
  std::optional<std::string> hostname = "localhost";
  uint32_t max_frame_size = limits::kAmqpFrameBytesMax;
  uint16_t channel_max = limits::kAmqpChannelMax;
  uint32_t handle_max = limits::kAmqpHandleMaxIotHub;
  uint32_t idle_timeout_ms = limits::kAmqpIdleTimeoutMs;
  uint32_t incoming_window = limits::kAmqpIncomingWindow;
  std::vector<std::string_view> mechanisms = {"EXTERNAL", "MSSBCBS", "ANONYMOUS", "PLAIN"};  // §2.1
};

class ConnectionMachine {
 public:
  // Listener and options outlive the machine; options may be shared by all connections.
  ConnectionMachine(ConnectionListener& listener, const ConnectionOptions& options);
  ~ConnectionMachine();  // calls no listener

  // Bytes from the peer, in any split. Returns !finished(). Ignored once finished.
  bool feed(ByteView bytes, int64_t now_ms);

  // What must be sent, after writing dispositions that were held back for coalescing. Valid until the next call of any
  // member of the machine or a link.
  [[nodiscard]] ByteView output();
  // The front took output(): forgets it.
  void output_sent();

  // Closes the connection with or without an error: detaches and ends are implied. Waits for the peer's close at most
  // limits::kAmqpCloseWaitMs. on_closed() follows, from a later feed(), on_time() or abandon().
  void close(std::optional<Error> error);
  // Ends one session, with or without an error; nothing happens if it has ended. The on_detach() of its links and its
  // on_session_end() are called from inside this call.
  void end_session(SessionId id, const std::optional<Error>& error);
  // The transport is gone: the callbacks that are due (on_detach, on_session_end, on_closed), no output.
  void abandon();
  // Nothing more will be read or written after the present output(): close the transport once that is sent.
  [[nodiscard]] bool finished() const { return phase_ == Phase::kFinished; }

  // When on_time() wants to be called, in the clock of `now_ms`; calling it at any other time does no harm. Changes
  // with every call. Heartbeats at half the peer's idle time-out; the connection is closed if the peer is silent for
  // 5/4 of ours. The wait for the first open is the front's (limits::kAmqpOpenArrivalMs, opened()).
  [[nodiscard]] std::optional<int64_t> next_deadline_ms() const;
  void on_time(int64_t now_ms);

  [[nodiscard]] bool opened() const { return phase_ == Phase::kOpen || phase_ == Phase::kCloseSent; }
  // Mechanism that the peer authenticated with; empty if it started without SASL.
  [[nodiscard]] const std::string& sasl_mechanism() const { return sasl_mechanism_; }
  [[nodiscard]] size_t session_count() const { return sessions_.size(); }
  // Links not yet detached by both sides.
  [[nodiscard]] size_t link_count() const { return link_count_; }

  // The live link of that id, or nullptr.
  [[nodiscard]] Link* find(LinkId id) const;
  // Calls f(Link&) for each live link; f must not accept, refuse or detach links.
  template <class F>
  void for_each_link(F f) const {
    for (const auto& [id, link] : live_) f(*link);
  }

 private:
  friend class Session;
  friend class Link;

  enum class Phase : uint8_t { kHeader, kSasl, kHeaderAfterSasl, kAwaitOpen, kOpen, kCloseSent, kFinished };

  // Each consumes a prefix of `bytes` and returns its length, or 0 if more is needed (`needed_` says how much).
  size_t take_unit(ByteView bytes);
  size_t take_header(ByteView bytes);
  size_t take_frame(ByteView bytes);
  void on_sasl_frame(const Frame& frame);
  void on_sasl_init(const Item& fields);
  void on_amqp_frame(const Frame& frame);
  void on_performative(const Frame& frame, uint64_t code, const Item& fields, ByteView payload);
  void on_session_frame(Session& session, uint64_t code, const Item& fields, ByteView payload);
  [[nodiscard]] bool is_afterthought(uint16_t channel, uint64_t code) const;
  void on_open(const Item& fields);
  void on_begin(uint16_t channel, const Item& fields);
  void on_end(uint16_t channel);
  void on_peer_close(const Item& fields);
  void write_open(const OpenReply& reply);
  void write_close(const std::optional<Error>& error);
  [[nodiscard]] OpenReply default_reply() const;
  [[nodiscard]] int64_t heartbeat_ms() const;
  void report_session_end(Session& session, DetachInfo::Cause cause, const std::optional<Error>& error);
  // The peer broke the protocol: our close with an error, and the end.
  void fail(std::string_view condition, std::string_view text);
  void finish(const CloseInfo& info);
  void bury();
  [[nodiscard]] int64_t silence_limit_ms() const { return int64_t{options_.idle_timeout_ms} * 5 / 4; }

  ConnectionListener& listener_;
  const ConnectionOptions& options_;
  Phase phase_ = Phase::kHeader;
  std::string input_;  // the part of a frame that has arrived
  size_t needed_ = 0;  // how long input_ must be before another look at it
  Output output_;
  std::string sasl_mechanism_;
  std::optional<Error> close_error_;

  uint32_t peer_max_frame_ = 512;
  uint32_t handle_max_;
  int64_t peer_idle_ms_ = 0;  // 0: no heartbeats wanted
  int64_t now_ms_ = 0;
  int64_t last_received_ms_ = 0;
  int64_t last_sent_ms_ = 0;
  int64_t close_deadline_ms_ = -1;  // -1: not set yet

  std::unordered_map<uint16_t, std::unique_ptr<Session>> sessions_;
  std::unordered_set<uint16_t> given_up_channels_;  // ended by the peer and not begun again
  std::unordered_map<LinkId, Link*> live_;
  std::vector<std::unique_ptr<Link>> buried_links_;
  std::vector<std::unique_ptr<Session>> buried_sessions_;
  uint64_t next_id_ = 1;        // sessions and links
  uint64_t next_delivery_ = 1;  // Link::send()
  size_t link_count_ = 0;
  size_t reassembly_bytes_ = 0;
  int depth_ = 0;  // of callbacks
};

}  // namespace nave::wire::amqp
