#include "net/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "net/tls_context_impl.h"

namespace nave::net {
namespace {

// Plain bytes encrypted before each system call; what a slow peer leaves unsent waits as plain text beyond it.
constexpr size_t kFlushBytes = 64 * 1024;

int64_t steady_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Connection::Connection(Shard& shard, Listener& listener, Socket socket, PeerAddress peer)
    : shard_(shard),
      listener_(listener),
      socket_(std::move(socket)),
      address_key_(peer.key),
      accepted_us_(steady_us()) {
  peer_.address = std::move(peer.text);
  peer_.port = peer.port;
  listener_.connections.add(1);
}

Connection::~Connection() {
  listener_.connections.add(-1);
  shard_.shared.limits.leave(address_key_);
}

void Connection::start() {
  interest_ = EPOLLIN;
  if (!shard_.loop.watch(socket_.fd(), interest_, *this)) return die(CloseReason::kPeer);
  if (!listener_.tls) return open();
  shard_.loop.timers().arm(*this, listener_.handshake_ms);
}

void Connection::on_events(uint32_t events) {
  if (state_ == State::kDead) return;  // died earlier in this turn
  if ((events & EPOLLOUT) != 0) {
    blocked_ = false;
    mark_dirty();
  }
  if ((interest_ & EPOLLIN) != 0) {
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) on_readable();
  } else if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    die(CloseReason::kPeer);
  }
}

void Connection::on_timer() {
  if (state_ == State::kHandshake) {
    shard_.shared.metrics.handshakes_timeout.add();
    log::write_limited(log::Level::kInfo, log::Category::kConnections, "tls-timeout", "TLS handshake timed out",
                       {{"listener", listener_.name}, {"address", peer_.address}});
  }
  die(CloseReason::kTimeout);
}

void Connection::on_readable() {
  const ssize_t n = ::recv(socket_.fd(), shard_.received.data(), shard_.received.size(), 0);
  if (n > 0) return on_received({shard_.received.data(), static_cast<size_t>(n)});
  if (n == 0) return on_peer_fin();
  if (errno == EAGAIN || errno == EINTR) return;
  if (state_ == State::kHandshake) handshake_failed("reset by the peer");
  die(CloseReason::kPeer);
}

void Connection::on_received(ByteView bytes) {
  if (state_ == State::kClosing) return;  // drained only, so that closing does not become a reset
  if (!listener_.tls) return handler_->on_bytes(bytes);
  shard_.io.in = bytes;
  shard_.io.out.clear();
  on_tls_input();
  stash_tls_output();
}

void Connection::on_tls_input() {
  if (!tls_) tls_.emplace(*listener_.tls->current(), shard_.io);
  if (state_ == State::kHandshake && !handshake()) return;
  size_t size = 0;
  const TlsSession::Status status = tls_->read(shard_.decrypted.data(), shard_.decrypted.size(), size);
  const std::string error = status == TlsSession::Status::kFailed ? tls_->take_error() : std::string();
  stash_tls_output();
  if (size > 0) handler_->on_bytes({shard_.decrypted.data(), size});
  if (state_ != State::kOpen) return;
  if (status == TlsSession::Status::kClosed) begin_closing(CloseReason::kPeer);
  if (status == TlsSession::Status::kFailed) {
    log::write_limited(log::Level::kInfo, log::Category::kConnections, "tls-error", "TLS error, connection closed",
                       {{"listener", listener_.name}, {"address", peer_.address}, {"reason", error}});
    close_notify_sent_ = true;  // the alert says it all
    out_.clear();
    out_sent_ = 0;
    begin_closing(CloseReason::kProtocol);
  }
}

bool Connection::handshake() {
  switch (tls_->handshake()) {
    case TlsSession::Status::kOk:
      shard_.shared.metrics.handshakes_ok.add();
      shard_.shared.metrics.handshake_duration.observe_us(static_cast<uint64_t>(steady_us() - accepted_us_));
      tls_->describe_peer(peer_);
      cancel();
      open();
      return state_ == State::kOpen;
    case TlsSession::Status::kNeedInput:
      return false;
    default:
      handshake_failed(tls_->take_error());
      close_notify_sent_ = true;
      begin_closing(CloseReason::kProtocol);
      return false;
  }
}

void Connection::handshake_failed(const std::string& reason) {
  shard_.shared.metrics.handshakes_failed.add();
  log::write_limited(log::Level::kInfo, log::Category::kConnections, "tls-handshake", "TLS handshake failed",
                     {{"listener", listener_.name}, {"address", peer_.address}, {"reason", reason}});
}

void Connection::open() {
  state_ = State::kOpen;
  handler_ = listener_.factory(shard_.context);
  if (!handler_) return die(CloseReason::kLocal);
  handler_->on_open(*this);
}

void Connection::on_peer_fin() {
  fin_received_ = true;
  if (state_ == State::kClosing) {
    if (fin_sent_) return die(reason_);
    return update_interest();
  }
  if (state_ == State::kHandshake) {
    // Port scanners and health checks connect and say nothing; that is not worth a line.
    if (tls_) handshake_failed("closed by the peer");
    return die(CloseReason::kPeer);
  }
  begin_closing(CloseReason::kPeer);
}

void Connection::send(ByteView bytes) {
  if (state_ != State::kOpen || bytes.empty()) return;
  const size_t unsent = unsent_bytes() + bytes.size();
  if (unsent > limits::kUnsentBytesMax) {
    log::write_limited(log::Level::kWarning, log::Category::kConnections, "overload",
                       "connection closed: the peer does not take what is sent to it",
                       {{"listener", listener_.name}, {"address", peer_.address}});
    return die(CloseReason::kOverload);
  }
  if (unsent > limits::kUnsentBytesHigh) above_high_ = true;
  if (out_.empty() && bytes.size() > out_.capacity()) out_ = shard_.take_buffer();
  out_.append(bytes);
  mark_dirty();
}

void Connection::close() {
  if (state_ == State::kOpen) begin_closing(CloseReason::kLocal);
}

void Connection::abort() {
  if (state_ == State::kDead) return;
  shard_.loop.unwatch(socket_.fd());
  socket_.reset();
  die(CloseReason::kLocal);
}

void Connection::shut_down() {
  if (state_ == State::kHandshake) return die(CloseReason::kShutdown);
  if (state_ == State::kOpen) begin_closing(CloseReason::kShutdown);
  if (state_ == State::kClosing && fin_sent_) arm_linger();
}

void Connection::pause_reading() {
  paused_ = true;
  update_interest();
}

void Connection::resume_reading() {
  paused_ = false;
  update_interest();
}

void Connection::note_reason(CloseReason reason) {
  if (std::exchange(reason_noted_, true)) return;
  reason_ = reason;
}

void Connection::begin_closing(CloseReason reason) {
  note_reason(reason);
  state_ = State::kClosing;
  arm_linger();
  if (!std::exchange(finishing_, true)) shard_.mark_finished(*this);
  mark_dirty();
}

// Counted from the last progress: a peer that goes on taking bytes gets all of them. A server that stops does not wait
// long for the peer's FIN.
void Connection::arm_linger() {
  const bool only_fin_is_missing = fin_sent_ && shard_.stopping();
  shard_.loop.timers().arm(*this, only_fin_is_missing ? limits::kShutdownLingerMs : limits::kCloseLingerMs);
}

void Connection::die(CloseReason reason) {
  if (state_ == State::kDead) return;
  note_reason(reason);
  state_ = State::kDead;
  cancel();
  if (socket_.is_open()) {
    shard_.loop.unwatch(socket_.fd());
    socket_.close();
  }
  if (!std::exchange(finishing_, true)) shard_.mark_finished(*this);
}

bool Connection::finish() {
  finishing_ = false;
  // Moved out first: the handler must not find itself attached while it is told.
  if (const std::unique_ptr<Handler> handler = std::move(handler_)) handler->on_closed(reason_);
  return state_ == State::kDead;
}

void Connection::mark_dirty() {
  if (!std::exchange(dirty_, true)) shard_.mark_dirty(*this);
}

// Handshake messages and tickets wait for the end of the turn, so that they leave together with the first answer.
void Connection::stash_tls_output() {
  std::string& produced = shard_.io.out;
  if (produced.empty() || state_ == State::kDead) return;
  pending_.append(produced);
  produced.clear();
  mark_dirty();
}

void Connection::flush() {
  dirty_ = false;
  if (state_ == State::kDead) return;
  std::string& cipher = shard_.io.out;
  cipher.clear();
  while (!blocked_) {
    if (!pending_.empty()) {
      cipher.append(pending_);
      std::string().swap(pending_);
    }
    if (!encrypt_next(cipher)) return die(CloseReason::kProtocol);
    if (cipher.empty()) return all_sent();
    if (!push(cipher)) break;
  }
  if (state_ != State::kDead) update_interest();
}

bool Connection::encrypt_next(std::string& cipher) {
  const size_t n = std::min(out_.size() - out_sent_, kFlushBytes);
  const ByteView plain(out_.data() + out_sent_, n);
  if (n > 0 && tls_ && !tls_->write(plain)) return false;
  if (n > 0 && !tls_) cipher.append(plain);
  out_sent_ += n;
  if (out_sent_ < out_.size()) return true;
  if (out_sent_ > 0) {
    shard_.give_buffer(std::exchange(out_, {}));
    out_sent_ = 0;
  }
  if (state_ == State::kClosing && tls_ && !std::exchange(close_notify_sent_, true)) tls_->shutdown();
  return true;
}

bool Connection::push(std::string& cipher) {
  const ssize_t n = ::send(socket_.fd(), cipher.data(), cipher.size(), MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN && errno != EINTR) {
    die(CloseReason::kPeer);
    return false;
  }
  const size_t sent = n < 0 ? 0 : static_cast<size_t>(n);
  if (sent > 0 && state_ == State::kClosing) arm_linger();
  if (sent < cipher.size()) {
    pending_.assign(cipher, sent);
    blocked_ = true;
  }
  cipher.clear();
  return !blocked_;
}

void Connection::all_sent() {
  update_interest();
  if (state_ == State::kClosing && !std::exchange(fin_sent_, true)) {
    tls_.reset();
    if (fin_received_) return die(reason_);
    ::shutdown(socket_.fd(), SHUT_WR);
    arm_linger();
  }
  if (state_ == State::kOpen && std::exchange(above_high_, false)) handler_->on_drained();
}

void Connection::update_interest() {
  if (state_ == State::kDead) return;
  const bool read = !fin_received_ && (state_ != State::kOpen || !paused_);
  const uint32_t wanted = (read ? uint32_t{EPOLLIN} : 0U) | (blocked_ ? uint32_t{EPOLLOUT} : 0U);
  if (wanted == interest_) return;
  interest_ = wanted;
  shard_.loop.change(socket_.fd(), interest_, *this);
}

}  // namespace nave::net
