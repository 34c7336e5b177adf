#include "front/amqp/connection.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "base/random.h"
#include "base/url.h"
#include "front/amqp/errors.h"
#include "front/amqp/sasl_identity.h"

namespace nave::front::amqp {
namespace {

// Reading goes on while event readers fill the transport, so that their credit and heartbeats are heard; it stops for a
// peer that asks and asks and never takes the answers.
constexpr size_t kPauseReadingBytes = 2 * limits::kUnsentBytesHigh;

std::string_view first_label(std::string_view host) {
  return host.substr(0, host.find('.'));
}

bool is_own_name(const hub::HubInfo& hub, std::string_view name) {
  if (equals_ignore_case(name, hub.name())) return true;
  return std::any_of(hub.aliases.begin(), hub.aliases.end(),
                     [&](const std::string& alias) { return equals_ignore_case(name, first_label(alias)); });
}

bool refuse_login(std::string_view why) {
  log::write_limited(log::Level::kWarning, log::Category::kConnections, "amqp.sasl", "a SASL login was refused",
                     {{"reason", why}});
  return false;
}

}  // namespace

FrontContext::FrontContext(const hub::HubInfo& hub_info, const hub::Authenticator& auth, Metrics& metrics)
    : hub(hub_info),
      authenticator(auth),
      connections(metrics.gauge("nave_amqp_connections", "Open AMQP connections, WebSockets included.")) {
  options.container_id = "DeviceGateway_" + random_hex(32);
}

class Connection::Tick final : public Timer {
 public:
  explicit Tick(Connection& connection) : connection_(connection) {}

 private:
  void on_timer() override { connection_.on_tick(); }
  Connection& connection_;
};

Connection::Connection(const FrontContext& front)
    : front_(front),
      machine_(*this, front.options),
      grants_(front.authenticator),
      handle_(std::make_shared<ConnectionHandle>(ConnectionHandle{this})),
      tick_(std::make_unique<Tick>(*this)) {}

Connection::~Connection() {
  handle_->connection = nullptr;
}

LinkHandler* Connection::handler(wire::amqp::LinkId id) const {
  const wire::amqp::Link* const link = machine_.find(id);
  return link == nullptr ? nullptr : static_cast<LinkHandler*>(link->context());
}

// --- the turn of work: bytes or time in, one send out.

void Connection::on_open(net::Transport& transport) {
  transport_ = &transport;
  opened_at_ms_ = shard().clock.steady_ms();
  front_.connections.add(1);
  arm();
}

void Connection::on_bytes(ByteView bytes) {
  in_turn_ = true;
  machine_.feed(bytes, shard().clock.steady_ms());
  in_turn_ = false;
  flush();
}

void Connection::flush() {
  if (in_turn_ || transport_ == nullptr) return;
  if (const ByteView out = machine_.output(); !out.empty()) {
    transport_->send(out);
    machine_.output_sent();
  }
  if (machine_.finished() && !closing_) {
    closing_ = true;
    tick_->cancel();
    transport_->close();
    return;
  }
  update_reading();
  schedule_resume();
  arm();
}

void Connection::update_reading() {
  // Ends in on_drained().
  if (transport_->unsent_bytes() > kPauseReadingBytes) peer_is_slow_ = true;
  const bool pause = peer_is_slow_ || inflight_messages_ >= limits::kAmqpInflightMessagesMax ||
                     inflight_bytes_ >= limits::kAmqpInflightBytesMax;
  if (pause == paused_) return;
  paused_ = pause;
  if (pause) {
    transport_->pause_reading();
  } else {
    transport_->resume_reading();
  }
}

void Connection::add_inflight(size_t messages, size_t bytes) {
  inflight_messages_ += messages;
  inflight_bytes_ += bytes;
}

void Connection::remove_inflight(size_t messages, size_t bytes) {
  inflight_messages_ -= messages;
  inflight_bytes_ -= bytes;
}

bool Connection::congested() {
  return transport_->unsent_bytes() + machine_.output().size() > limits::kUnsentBytesHigh;
}

void Connection::when_writable(wire::amqp::LinkId id) {
  if (std::find(waiting_.begin(), waiting_.end(), id) == waiting_.end()) waiting_.push_back(id);
}

// When the transport holds too much, on_drained() will come; when it took everything at once, it will not.
void Connection::schedule_resume() {
  if (waiting_.empty() || resume_posted_ || transport_->unsent_bytes() > limits::kUnsentBytesHigh) return;
  resume_posted_ = true;
  shard().executor.post([handle = handle_] {
    if (handle->connection == nullptr) return;
    handle->connection->resume_posted_ = false;
    handle->connection->resume_waiting();
  });
}

void Connection::on_drained() {
  peer_is_slow_ = false;
  resume_waiting();
}

void Connection::resume_waiting() {
  in_turn_ = true;
  // Those that must wait again line up behind the others.
  for (size_t n = waiting_.size(); n > 0 && !waiting_.empty(); --n) {
    const wire::amqp::LinkId id = waiting_.front();
    waiting_.pop_front();
    if (wire::amqp::Link* const link = machine_.find(id)) on_sendable(*link);
  }
  in_turn_ = false;
  flush();
}

void Connection::on_closed(net::CloseReason) {
  handle_->connection = nullptr;
  tick_->cancel();
  in_turn_ = true;  // nothing is sent any more
  machine_.abandon();
  front_.connections.add(-1);
  transport_ = nullptr;
}

// --- time

void Connection::arm() {
  if (closing_) return;
  const int64_t now = shard().clock.steady_ms();
  int64_t at = machine_.next_deadline_ms().value_or(now + limits::kAmqpIdleTimeoutMs);
  if (!machine_.opened()) at = std::min(at, opened_at_ms_ + limits::kAmqpOpenArrivalMs);
  if (!grants_.empty()) at = std::min(at, now + grants_.check_within_ms(unix_seconds(utc())));
  if (tick_->armed() && tick_at_ms_ <= at) return;
  tick_at_ms_ = at;
  shard().timers.arm(*tick_, std::max<int64_t>(at - now, 0));
}

void Connection::on_tick() {
  const int64_t now = shard().clock.steady_ms();
  if (!machine_.opened() && now - opened_at_ms_ >= limits::kAmqpOpenArrivalMs) return reset();
  in_turn_ = true;
  machine_.on_time(now);
  check_grants();
  in_turn_ = false;
  flush();
}

void Connection::check_grants() {
  if (!grants_.prune(unix_seconds(utc()))) return;
  if (by_sasl_ && grants_.empty()) {
    machine_.close(make_error(hub::ErrorCode::kIotHubUnauthorizedAccess, utc()));
    return;
  }
  detach_unauthorized();
}

void Connection::detach_unauthorized() {
  std::vector<wire::amqp::LinkId> leaving;
  machine_.for_each_link([&](wire::amqp::Link& link) {
    const auto* handler = static_cast<const LinkHandler*>(link.context());
    if (handler != nullptr && !handler->authorized(grants_)) leaving.push_back(link.id());
  });
  std::ranges::sort(leaving);  // in the order in which they were attached
  for (const wire::amqp::LinkId id : leaving) {
    detach(id, make_error(hub::ErrorCode::kIotHubUnauthorizedAccess, utc()));
  }
}

void Connection::detach(wire::amqp::LinkId id, const wire::amqp::Error& error) {
  wire::amqp::Link* const link = machine_.find(id);
  if (link == nullptr) return;
  if (auto* handler = static_cast<LinkHandler*>(link->context())) handler->on_detach();
  link->detach(true, error);
}

void Connection::reset() {
  closing_ = true;
  tick_->cancel();
  transport_->abort();
}

// --- what the machine reports

bool Connection::on_sasl(std::string_view mechanism, ByteView initial_response) {
  // The others say nothing about who it is; $cbs will (reference/amqp.md §2.1).
  if (!equals_ignore_case(mechanism, "PLAIN")) return true;
  return login_plain(initial_response);
}

bool Connection::login_plain(ByteView response) {
  const auto login = parse_plain(response);
  if (!login) return refuse_login("the response is malformed");
  if (!is_own_name(front_.hub, login->hub_name)) return refuse_login("the user names another hub");

  const int64_t now = unix_seconds(utc());
  if (const auto* user = std::get_if<PolicyUser>(&login->user)) {
    auto grant = front_.authenticator.service(login->password);
    if (!grant) return refuse_login(grant.error().message);
    if (grant->credential.policy != user->policy) return refuse_login("the token is of another policy");
    by_sasl_ = grants_.add(std::move(*grant), now);
  } else {
    auto grant = front_.authenticator.device(std::get<IdentityKey>(login->user), login->password);
    if (!grant) return refuse_login(grant.error().message);
    by_sasl_ = grants_.add(std::move(*grant), now);
  }
  return by_sasl_;
}

void Connection::on_open(const wire::amqp::Open&, wire::amqp::OpenReply&) {
  // Any host name is served: gateways and emulators put their own (reference/amqp.md §2).
}

void Connection::on_attach(wire::amqp::Link& link) {
  front_.router.attach(*this, link);
}

void Connection::on_delivery(wire::amqp::Link& link, const wire::amqp::Delivery& delivery) {
  if (auto* handler = static_cast<LinkHandler*>(link.context())) handler->on_delivery(link, delivery);
}

void Connection::on_sendable(wire::amqp::Link& link) {
  if (auto* handler = static_cast<LinkHandler*>(link.context())) handler->on_sendable(link);
}

void Connection::on_outcome(wire::amqp::Link& link, const wire::amqp::SentOutcome& outcome) {
  if (auto* handler = static_cast<LinkHandler*>(link.context())) handler->on_outcome(link, outcome);
}

void Connection::on_detach(wire::amqp::Link& link, const wire::amqp::DetachInfo&) {
  if (auto* handler = static_cast<LinkHandler*>(link.context())) handler->on_detach();
}

void Connection::on_closed(const wire::amqp::CloseInfo& info) {
  if (info.cause != wire::amqp::CloseInfo::Cause::kProtocol || !info.error) return;
  log::write_limited(log::Level::kInfo, log::Category::kConnections, "amqp.protocol", "an AMQP connection was closed",
                     {{"condition", info.error->condition}, {"reason", info.error->description.value_or("")}});
}

net::HandlerFactory make_amqp_factory(const FrontContext& front) {
  return [&front](const ShardContext&) { return std::make_unique<Connection>(front); };
}

}  // namespace nave::front::amqp
