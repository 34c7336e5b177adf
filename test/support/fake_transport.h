// A net::Transport that records what a protocol does with it. The test plays the peer: it calls deliver() for bytes
// that arrive and looks at `sent`.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/limits.h"
#include "net/transport.h"
#include "support/fake_shard.h"

namespace nave::test {

class FakeTransport final : public net::Transport {
 public:
  // A transport on a shard of its own.
  FakeTransport() : own_shard_(std::make_unique<FakeShard>()), shard_(*own_shard_) { init(); }
  // Several transports can share a shard; it outlives them.
  explicit FakeTransport(FakeShard& shard) : shard_(shard) { init(); }
  FakeTransport(const FakeTransport&) = delete;
  FakeTransport& operator=(const FakeTransport&) = delete;
  ~FakeTransport() override = default;

  void send(ByteView bytes) override {
    if (closed || aborted) return;
    sent.append(bytes);
    if (stalled) unsent += bytes.size();
  }
  void close() override {
    if (closed || aborted) return;
    closed = true;
    post_closed();
  }
  void abort() override {
    if (aborted) return;
    aborted = true;
    if (!closed) post_closed();
  }
  void pause_reading() override { paused = true; }
  void resume_reading() override { paused = false; }
  [[nodiscard]] size_t unsent_bytes() const override { return unsent; }
  [[nodiscard]] const net::PeerInfo& peer() const override { return peer_info; }
  [[nodiscard]] const ShardContext& shard() const override { return shard_.context; }

  [[nodiscard]] FakeShard& fake_shard() { return shard_; }

  // Attaches the protocol under test and calls on_open(); the handler is destroyed after its on_closed(), as the real
  // transport does.
  void open(std::unique_ptr<net::Handler> handler) {
    handler_ = std::move(handler);
    handler_->on_open(*this);
  }
  [[nodiscard]] net::Handler* handler() { return handler_.get(); }
  // Hands bytes to the handler as if they had just arrived, then runs the shard. After close() nothing is delivered.
  void deliver(ByteView bytes) {
    if (handler_ && !closed && !aborted) handler_->on_bytes(bytes);
    shard_.run_until_idle();
  }
  // The peer closes, or whatever `reason` says.
  void drop(net::CloseReason reason = net::CloseReason::kPeer) {
    if (closed || aborted) return;
    aborted = true;
    finish(reason);
    shard_.run_until_idle();
  }
  // With `stalled` set, sent bytes stay unsent until the test drains them.
  void drain() {
    const bool was_high = unsent > limits::kUnsentBytesHigh;
    unsent = 0;
    if (was_high && handler_) handler_->on_drained();
    shard_.run_until_idle();
  }
  // What was sent since the last call.
  [[nodiscard]] std::string take_sent() { return std::exchange(sent, {}); }

  std::string sent;
  bool closed = false;   // the handler called close()
  bool aborted = false;  // the handler called abort(), or drop() was called
  bool paused = false;
  bool stalled = false;
  size_t unsent = 0;
  net::PeerInfo peer_info;

 private:
  void init() {
    peer_info.address = "192.0.2.1";
    peer_info.port = 40000;
  }
  void post_closed() {
    shard_.context.executor.post([this, alive = std::weak_ptr<bool>(alive_)] {
      if (!alive.expired()) finish(net::CloseReason::kLocal);
    });
  }
  void finish(net::CloseReason reason) {
    const std::unique_ptr<net::Handler> handler = std::move(handler_);
    if (handler) handler->on_closed(reason);
  }

  std::unique_ptr<FakeShard> own_shard_;
  FakeShard& shard_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<net::Handler> handler_;
};

}  // namespace nave::test
