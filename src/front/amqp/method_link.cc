#include "front/amqp/method_link.h"

#include <utility>

#include "base/limits.h"
#include "base/random.h"
#include "front/amqp/errors.h"

namespace nave::front::amqp {

using hub::MethodDelivery;
using wire::amqp::Link;

MethodRequestLink::MethodRequestLink(Connection& connection, std::shared_ptr<DeviceSession> session,
                                     wire::amqp::LinkId id, hub::MethodService& methods)
    : DeviceLink(connection, std::move(session), id),
      methods_(methods),
      mark_(random_u64()),
      open_(std::make_unique<hub::OpenMethods>()) {}

wire::amqp::Uuid MethodRequestLink::id_of(uint64_t number) const {
  std::string bytes;
  append_be(bytes, mark_);
  append_be(bytes, number);
  wire::amqp::Uuid id{};
  for (size_t i = 0; i < id.size(); ++i) id[i] = byte_at(bytes, i);
  return id;
}

MethodDelivery MethodRequestLink::deliver_method(const hub::MethodCommand& command, hub::MethodReply& reply) {
  if (!ready_) return MethodDelivery::kNotReady;
  if (waiting_bytes_ + command.payload.size() > limits::kMethodUnsentBytesMax) return MethodDelivery::kTooMany;
  const auto number = open_->add(reply, command.deadline_ms, connection().shard().timers.now_ms());
  if (!number) return MethodDelivery::kTooMany;
  waiting_.push_back({command.deadline_ms, encode_method_request(command, id_of(*number))});
  waiting_bytes_ += waiting_.back().message.size();
  send_waiting(*link());
  return MethodDelivery::kDelivered;
}

void MethodRequestLink::on_sendable(Link& link) {
  send_waiting(link);
  if (ready_ || link.credit() == 0) return;
  ready_ = true;
  methods_.on_ready(session().key());
}

// What does not leave here is sent when there is credit and the peer takes what it was sent: on_sendable() tells.
void MethodRequestLink::send_waiting(Link& link) {
  const int64_t now = connection().shard().timers.now_ms();
  while (!waiting_.empty()) {
    const bool expired = waiting_.front().deadline_ms <= now;
    if (!expired && !link.can_send()) return;
    if (!expired && connection().congested()) return connection().when_writable(id());
    const Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= next.message.size();
    if (expired) continue;
    const std::string tag = delivery_tag(++tags_);
    (void)link.send(next.message, {.tag = tag, .settled = true});  // cannot be full: can_send()
  }
}

void MethodRequestLink::answer(const MethodResponse& response) {
  std::string bytes;
  for (const uint8_t b : response.id) bytes.push_back(static_cast<char>(b));
  if (load_be<uint64_t>(bytes.data()) != mark_) return;
  open_->answer(load_be<uint64_t>(bytes.data() + 8), response.status, response.payload);
}

void MethodRequestLink::on_detach() {
  open_.reset();
  DeviceLink::on_detach();
}

void MethodResponseLink::on_delivery(Link& link, const wire::amqp::Delivery& delivery) {
  session().note_activity();
  const auto response = read_method_response(delivery.payload);
  if (!delivery.settled) {
    if (response) {
      link.settle(delivery.id, wire::amqp::Accepted{});
    } else {
      link.settle(delivery.id, wire::amqp::Rejected{make_error(
                                   {hub::ErrorCode::kIotHubFormatError, "The method response is not understood."},
                                   connection().utc())});
    }
  }
  if (!response) return;
  if (auto* const requests = static_cast<MethodRequestLink*>(connection().handler(session().methods().to_device())))
    requests->answer(*response);
}

}  // namespace nave::front::amqp
