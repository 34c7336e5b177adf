#include "front/mqtt/connection.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/log.h"

namespace nave::front::mqtt {
namespace {

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
// clang 16 does not yet deduce aggregates without it.
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

CloseCause cause_of(net::CloseReason reason) {
  switch (reason) {
    case net::CloseReason::kTimeout:
    case net::CloseReason::kProtocol:
      return CloseCause::kTransport;
    case net::CloseReason::kOverload:
      return CloseCause::kOverload;
    case net::CloseReason::kShutdown:
      return CloseCause::kShutdown;
    case net::CloseReason::kPeer:
    case net::CloseReason::kLocal:
      break;
  }
  return CloseCause::kPeerGone;
}

CloseCause cause_of(hub::EndReason reason) {
  switch (reason) {
    case hub::EndReason::kTakenOver:
      return CloseCause::kTakenOver;
    case hub::EndReason::kTokenExpired:
      return CloseCause::kTokenExpired;
    case hub::EndReason::kShutdown:
      return CloseCause::kShutdown;
    case hub::EndReason::kIdentityDeleted:
    case hub::EndReason::kIdentityDisabled:
    case hub::EndReason::kCredentialsChanged:
      break;
  }
  return CloseCause::kIdentityChanged;
}

// After DISCONNECT the client wants none. An identity that lost its right to speak does not get a last word, and a
// server that stops says nothing about its devices.
bool calls_for_will(CloseCause cause) {
  return cause != CloseCause::kDisconnect && cause != CloseCause::kIdentityChanged && cause != CloseCause::kShutdown;
}

}  // namespace

Connection::Connection(std::shared_ptr<const Shared> shared, const ShardContext& shard)
    : shared_(std::move(shared)), shard_(shard), decoder_(limits::kMqttConnectBytesMax) {}

void Connection::on_open(net::Transport& transport) {
  transport_ = &transport;
  shard_.timers.arm(*this, limits::kMqttConnectArrivalMs);
}

void Connection::on_bytes(ByteView bytes) {
  if (phase_ == Phase::kClosed) return;
  // What is no CONNECT need not arrive whole: a browser that strayed here goes at its first byte.
  constexpr uint8_t kConnectByte = 0x10;
  if (phase_ == Phase::kAwaitingConnect && decoder_.kept_bytes() == 0 && !bytes.empty() &&
      byte_at(bytes, 0) != kConnectByte) {
    return close(CloseCause::kProtocol);
  }
  decoder_.feed(bytes);
  decode_packets();
}

void Connection::decode_packets() {
  using Status = wire::mqtt::Decoder::Status;
  wire::mqtt::Packet packet;
  while (phase_ == Phase::kAwaitingConnect || phase_ == Phase::kOpen) {
    const Status status = decoder_.next(packet);
    if (status == Status::kNeedMore) break;
    if (status == Status::kError) return close(CloseCause::kProtocol);
    last_packet_ms_ = shard_.timers.now_ms();
    dispatch(packet);
  }
  if (phase_ == Phase::kClosed) return;
  if (phase_ == Phase::kOpening) decoder_.keep_rest();
  update_reading();
}

void Connection::dispatch(const wire::mqtt::Packet& packet) {
  namespace wm = wire::mqtt;
  if (phase_ == Phase::kAwaitingConnect) {
    if (const auto* connect = std::get_if<wm::Connect>(&packet)) return on_connect(*connect);
    if (std::holds_alternative<wm::UnsupportedProtocol>(packet)) {
      return refuse(wm::ConnectCode::kUnacceptableProtocol, "", "only MQTT 3.1.1 is spoken here");
    }
    return close(CloseCause::kProtocol);
  }
  std::visit(Overloaded{
                 [this](const wm::Publish& p) { on_publish(p); },
                 [this](const wm::Subscribe& p) { on_subscribe(p); },
                 [this](const wm::Unsubscribe& p) { on_unsubscribe(p); },
                 [this](const wm::Pingreq&) { send_pingresp(); },
                 [this](const wm::Disconnect&) { close(CloseCause::kDisconnect); },
                 [this](const wm::Puback& p) { on_puback(p); },
                 [this](const wm::Connect&) { close(CloseCause::kProtocol); },
                 [this](const wm::UnsupportedProtocol&) { close(CloseCause::kProtocol); },
             },
             packet);
}

void Connection::send_pingresp() {
  std::string& out = scratch().out;
  out.clear();
  wire::mqtt::append_pingresp(out);
  transport_->send(out);
}

int64_t Connection::ms_until_keep_alive_ends() const {
  return last_packet_ms_ + keep_alive_ms_ - shard_.timers.now_ms();
}

// By the calendar, as tokens are made: looked at again whenever the timer fires, so a clock that jumps is noticed.
int64_t Connection::ms_until_token_ends() const {
  return credential_.expires_unix_seconds * 1000 + limits::kMqttTokenExpiryGraceMs - unix_ms(shard_.clock.utc());
}

void Connection::arm_deadline() {
  shard_.timers.arm(*this, std::min(ms_until_keep_alive_ends(), ms_until_token_ends()));
}

void Connection::on_timer() {
  if (phase_ == Phase::kAwaitingConnect) return close(CloseCause::kNoConnect);
  if (ms_until_token_ends() <= 0) return close(CloseCause::kTokenExpired);
  // Who is not read cannot be blamed for silence.
  if (reading_paused_) last_packet_ms_ = shard_.timers.now_ms();
  if (ms_until_keep_alive_ends() <= 0) return close(CloseCause::kKeepAlive);
  arm_deadline();
}

void Connection::end(hub::EndReason reason) {
  close(cause_of(reason));
}

bool Connection::still_authorized(const hub::Identity& identity) const {
  return services().authenticator.still_stands(credential_, identity);
}

void Connection::on_drained() {
  update_reading();
  send_c2d();
}

void Connection::on_closed(net::CloseReason reason) {
  if (phase_ != Phase::kClosed) leave(cause_of(reason));
}

void Connection::close(CloseCause cause) {
  send_acknowledgements();
  leave(cause);
  transport_->close();
}

// Takes the connection out of the hub. Happens when the close is decided, not when the peer has taken the last byte:
// from then on it must neither be found nor take part.
void Connection::leave(CloseCause cause) {
  const bool was_open = phase_ == Phase::kOpen;
  phase_ = Phase::kClosed;
  cancel();
  if (link_) {
    if (was_open && calls_for_will(cause)) publish_will();
    ingest().detach(sink_);
    release_c2d();
    methods_.reset();  // whoever waits for an answer hears of it now
    link_->session = nullptr;
    services().directory.release(origin_.identity, claim_);
  }
  shared_->counters.count_close(cause);
  log_close(cause);
}

void Connection::publish_will() {
  if (!will_) return;
  hub::EventView& event = scratch().event;
  will_->fill(scratch().bag, event);
  // Nobody waits for the outcome: the sink is detached right after.
  if (const auto taken = ingest().submit(event, origin_, sink_, 0); !taken) {
    log::write_limited(log::Level::kWarning, log::Category::kConnections, "mqtt.will", "a will could not be published",
                       {{"deviceId", origin_.identity.text()}, {"error", taken.error().message}});
  }
}

void Connection::log_close(CloseCause cause) const {
  // A refusal has had its own line.
  const bool usual =
      cause == CloseCause::kDisconnect || cause == CloseCause::kPeerGone || cause == CloseCause::kRefused;
  log::write_limited(usual ? log::Level::kDebug : log::Level::kInfo, log::Category::kConnections, label(cause),
                     "MQTT connection closed", {{"deviceId", origin_.identity.text()}, {"reason", label(cause)}});
}

}  // namespace nave::front::mqtt
