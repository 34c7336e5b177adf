// One accepted TCP connection, with TLS or plain: the Transport of every protocol.
//
//   kHandshake ──► kOpen ──► kClosing ──► kDead
//        └───────────┴──────────────────────▲
//
// kClosing sends what is pending, then close_notify and FIN, and waits a bounded time for the peer's FIN. The handler
// is told as soon as the state is left, at the end of the turn; a dead connection is destroyed there too.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/timer_wheel.h"
#include "net/event_loop.h"
#include "net/shard.h"
#include "net/socket.h"
#include "net/tls_session.h"
#include "net/transport.h"

namespace nave::net {

class Connection final : public Transport, private EventSource, private Timer {
 public:
  Connection(Shard& shard, Listener& listener, Socket socket, PeerAddress peer);
  ~Connection() override;

  void start();

  void send(ByteView bytes) override;
  void close() override;
  void abort() override;
  void pause_reading() override;
  void resume_reading() override;
  [[nodiscard]] size_t unsent_bytes() const override { return out_.size() - out_sent_ + pending_.size(); }
  [[nodiscard]] const PeerInfo& peer() const override { return peer_; }
  [[nodiscard]] const ShardContext& shard() const override { return shard_.context; }

  // For the shard: end of turn, and the server's end.
  void flush();
  [[nodiscard]] bool finish();  // tells the handler; true when the connection can be destroyed
  void shut_down();
  void cut() { die(CloseReason::kShutdown); }
  [[nodiscard]] bool is_dirty() const { return dirty_; }
  [[nodiscard]] size_t index() const { return index_; }
  void set_index(size_t index) { index_ = index; }

 private:
  enum class State : uint8_t { kHandshake, kOpen, kClosing, kDead };

  void on_events(uint32_t events) override;
  void on_timer() override;

  void on_readable();
  void on_received(ByteView bytes);
  void on_tls_input();
  [[nodiscard]] bool handshake();
  void handshake_failed(const std::string& reason);
  void open();
  void on_peer_fin();

  void begin_closing(CloseReason reason);
  void arm_linger();
  void die(CloseReason reason);
  void note_reason(CloseReason reason);

  void mark_dirty();
  void stash_tls_output();
  // Encrypts the next part of out_ (and close_notify) behind what is in `cipher`.
  [[nodiscard]] bool encrypt_next(std::string& cipher);
  // False when the kernel did not take everything; the rest is in pending_.
  [[nodiscard]] bool push(std::string& cipher);
  void all_sent();
  void update_interest();

  Shard& shard_;
  Listener& listener_;
  Socket socket_;
  std::unique_ptr<Handler> handler_;
  std::optional<TlsSession> tls_;  // from the first byte to close_notify
  std::string out_;                // plain bytes from send(), of which out_sent_ are encrypted or gone
  size_t out_sent_ = 0;
  std::string pending_;  // ciphertext that waits for the end of the turn or for the kernel
  PeerInfo peer_;
  AddressKey address_key_;
  int64_t accepted_us_;
  size_t index_ = 0;
  uint32_t interest_ = 0;
  State state_ = State::kHandshake;
  CloseReason reason_ = CloseReason::kPeer;
  bool paused_ = false;
  bool blocked_ = false;  // the kernel's buffer is full
  bool dirty_ = false;
  bool finishing_ = false;
  bool reason_noted_ = false;
  bool above_high_ = false;
  bool close_notify_sent_ = false;
  bool fin_sent_ = false;
  bool fin_received_ = false;
};

}  // namespace nave::net
