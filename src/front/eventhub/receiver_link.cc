#include "front/eventhub/receiver_link.h"

#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "front/amqp/errors.h"

namespace nave::front::eventhub {
namespace {

constexpr size_t kReadEventsMax = 256;
constexpr size_t kReadBytesMax = 256 * 1024;

}  // namespace

ReceiverLink::ReceiverLink(EventHub& event_hub, amqp::Connection& connection, wire::amqp::Link& link,
                           EntityAddress entity, SeatKey key, const AttachRequest& request)
    : event_hub_(event_hub),
      connection_(connection),
      link_id_(link.id()),
      entity_(std::move(entity)),
      key_(std::move(key)),
      partition_(key_.partition),
      wants_metric_(request.wants_metric),
      seat_(std::make_shared<Seat>(connection.shard().executor, static_cast<Evictable&>(*this), request.receiver_name,
                                   request.epoch)),
      next_(event_hub.log().resolve(partition_, request.position)) {}

ReceiverLink::~ReceiverLink() {
  leave();
}

Result<void, Verdict> ReceiverLink::take_seat() {
  return event_hub_.receivers().take(key_, seat_);
}

bool ReceiverLink::authorized(const amqp::Grants& grants) const {
  return event_hub_.may_read(grants, entity_);
}

template <class F>
auto ReceiverLink::later(F f) {
  return [handle = connection_.handle(), id = link_id_, f = std::move(f)](auto&&... args) {
    amqp::Connection* const connection = handle->connection;
    if (connection == nullptr) return;
    auto* const receiver = static_cast<ReceiverLink*>(connection->handler(id));
    if (receiver == nullptr) return;
    f(*receiver, std::forward<decltype(args)>(args)...);
    connection->flush();
  };
}

void ReceiverLink::on_sendable(wire::amqp::Link& link) {
  pump(link);
}

// Sends what was read for as long as credit, session window and transport go, then reads more, then waits for more.
void ReceiverLink::pump(wire::amqp::Link& link) {
  uint64_t sent = 0;
  if (wants_metric_) metric_ = RuntimeMetric{event_hub_.log().info(partition_), connection_.utc()};
  while (!gone_ && index_ < batch_.events.size() && link.can_send()) {
    if (connection_.congested()) {
      connection_.when_writable(link_id_);
      break;
    }
    send_next(link);
    ++sent;
  }
  if (sent > 0) event_hub_.count_sent(sent);
  if (index_ < batch_.events.size()) return;
  batch_ = {};
  index_ = 0;
  if (link.can_send()) read();
}

void ReceiverLink::send_next(wire::amqp::Link& link) {
  const hub::StoredEvent& event = batch_.events[index_++];
  if (!hub::decode_event(event.payload, view_)) {
    log::write_limited(log::Level::kError, log::Category::kStorage, "eventhub.record",
                       "a record of the event log is of an unknown form and was left out",
                       {{"partition", int{partition_.value()}}, {"sequence", event.sequence.value()}});
    return;
  }
  message_.clear();
  encode_event_message(view_, event.sequence, event.enqueued, metric_ ? &*metric_ : nullptr, message_);
  char tag[4];
  store_be(tag, next_tag_++);
  wire::amqp::SendOptions options;
  options.tag = ByteView(tag, sizeof tag);
  options.settled = true;
  // can_send() was true, so only a message beyond every limit could be left behind, and then the link cannot go on.
  if (!link.send(message_, options)) {
    leave();
    link.detach(true, amqp::make_error(wire::amqp::condition::kMessageSizeExceeded,
                                       "An event is larger than the link can take.", connection_.utc()));
  }
}

void ReceiverLink::read() {
  if (reading_ || wait_handle_ || gone_) return;
  reading_ = true;
  event_hub_.log().read(partition_, next_, kReadEventsMax, kReadBytesMax, connection_.shard().executor,
                        later([](ReceiverLink& self, Result<hub::EventBatch, hub::StoreError> result) {
                          self.on_read(std::move(result));
                        }));
}

void ReceiverLink::on_read(Result<hub::EventBatch, hub::StoreError> result) {
  reading_ = false;
  wire::amqp::Link* const out = link();
  if (gone_ || out == nullptr) return;
  if (!result) {
    leave();
    out->detach(true, amqp::make_error(wire::amqp::condition::kInternalError,
                                       "The event log cannot be read at the moment.", connection_.utc()));
    return;
  }
  batch_ = std::move(*result);
  index_ = 0;
  next_ = batch_.next;
  if (batch_.events.empty()) {
    wait();
  } else {
    pump(*out);
  }
}

// At the end of the log.
void ReceiverLink::wait() {
  wait_handle_ = event_hub_.log().wait(partition_, next_, connection_.shard().executor, later([](ReceiverLink& self) {
                                         self.wait_handle_.reset();
                                         if (wire::amqp::Link* const out = self.link()) self.pump(*out);
                                       }));
}

void ReceiverLink::evict(const Verdict& verdict) {
  wire::amqp::Link* const out = link();
  if (gone_ || out == nullptr) return;
  const UtcTime now = connection_.utc();
  leave();
  out->detach(true, amqp::make_error(verdict.condition,
                                     verdict.description + event_hub_.tracking_suffix(key_.consumer_group, now), now));
  connection_.flush();
}

void ReceiverLink::leave() {
  if (std::exchange(gone_, true)) return;
  seat_->owner = nullptr;
  event_hub_.receivers().release(key_, seat_);
  if (wait_handle_) event_hub_.log().cancel_wait(*wait_handle_);
  wait_handle_.reset();
  batch_ = {};
  index_ = 0;
}

}  // namespace nave::front::eventhub
