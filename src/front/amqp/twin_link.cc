#include "front/amqp/twin_link.h"

#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "front/amqp/errors.h"
#include "hub/error_text.h"

namespace nave::front::amqp {
namespace {

using hub::HubResult;
using wire::amqp::Delivery;
using wire::amqp::Link;
using wire::amqp::Value;
using Operation = TwinRequest::Operation;

// No further credit while so many requests are not answered. Together with the credit that is out they are never more
// than may wait for one twin.
constexpr size_t kUnansweredMax = limits::kTwinQueueMax - kTwinCredit;

// Held changes beyond it are sent as the whole section: the link's queue takes them at once in any case.
constexpr size_t kBurstMax = 256;

}  // namespace

// --- to the device

void TwinAnswerLink::send(const std::string& message) {
  Link* const out = link();
  if (out == nullptr) return;
  const std::string tag = delivery_tag(++tags_);
  if (out->send(message, {.tag = tag, .settled = true})) return;
  connection().detach(id(), make_error(wire::amqp::condition::kResourceLimitExceeded,
                                       "The link holds too many messages that were not taken.", connection().utc()));
}

void TwinAnswerLink::answer(const std::string& message) {
  send(message);
}

void TwinAnswerLink::on_read() {
  held_.reset();
  if (state_ == State::kIgnoring) state_ = State::kHolding;
}

void TwinAnswerLink::subscribe() {
  state_ = State::kSending;
  send_held();
}

void TwinAnswerLink::unsubscribe() {
  state_ = State::kIgnoring;
  held_.reset();
}

void TwinAnswerLink::on_desired_changed(const hub::DesiredChange& change) {
  if (state_ == State::kIgnoring) return;
  if (state_ == State::kSending && !held_ && link()->can_send()) return send(encode_desired_change(change));
  if (!held_) held_ = std::make_unique<hub::HeldChanges>();
  held_->add(change);
}

void TwinAnswerLink::on_sendable(Link& link) {
  if (state_ == State::kSending && link.can_send()) send_held();
}

void TwinAnswerLink::send_held() {
  const std::unique_ptr<hub::HeldChanges> held = std::move(held_);
  if (!held) return;
  if (held->overflowed() || held->changes().size() > kBurstMax) return send_whole();
  for (const hub::DesiredChange& change : held->changes()) send(encode_desired_change(change));
}

void TwinAnswerLink::send_whole() {
  twins_.get_desired(session().caller(), connection().shard().executor,
                     [handle = connection().handle(), id = id()](const HubResult<hub::DesiredChange>& whole) {
                       if (handle->connection == nullptr || !whole) return;
                       auto* const self = static_cast<TwinAnswerLink*>(handle->connection->handler(id));
                       if (self == nullptr || self->state_ != State::kSending) return;
                       self->held_.reset();  // older than the whole
                       self->send(encode_desired_change(*whole));
                       handle->connection->flush();
                     });
}

// --- from the device

void TwinRequestLink::on_delivery(Link& link, const Delivery& delivery) {
  session().note_activity();
  auto request = read_twin_request(delivery.payload);
  // C and Java leave to be settled what goes over a link of settled transfers. The disposition leaves before the
  // answer: the client's library waits for the one, its user for the other.
  if (!delivery.settled) {
    if (request) {
      link.settle(delivery.id, wire::amqp::Accepted{});
    } else {
      link.settle(delivery.id,
                  wire::amqp::Rejected{make_error(hub::ErrorCode::kIotHubFormatError, connection().utc())});
    }
  }
  if (!request) return;
  // An answer could not be told from a desired change.
  if (request->correlation_id.is_null() && request->operation != Operation::kPatchReported) return;
  if (const auto refused = session().injected_refusal()) return answer(request->correlation_id, hub::Error(*refused));
  switch (request->operation) {
    case Operation::kGet:
      begin(link, delivery.payload.size());
      return get(*std::move(request), delivery.payload.size());
    case Operation::kPatchReported:
      begin(link, delivery.payload.size());
      return patch(*std::move(request), delivery.payload.size());
    case Operation::kSubscribe:
    case Operation::kUnsubscribe:
      return set_subscribed(*request);
    case Operation::kUnknown:
      return answer(request->correlation_id, {hub::ErrorCode::kArgumentInvalid, "The twin request is not understood"});
  }
}

void TwinRequestLink::begin(Link& link, size_t bytes) {
  ++unanswered_;
  unanswered_bytes_ += bytes;
  connection().add_inflight(1, bytes);
  if (unanswered_ == kUnansweredMax) link.set_credit_window(0);
}

void TwinRequestLink::end(size_t bytes) {
  --unanswered_;
  unanswered_bytes_ -= bytes;
  connection().remove_inflight(1, bytes);
  if (unanswered_ == kUnansweredMax - 1) link()->set_credit_window(kTwinCredit);
}

void TwinRequestLink::on_detach() {
  connection().remove_inflight(unanswered_, unanswered_bytes_);
  DeviceLink::on_detach();
}

template <class Reply>
auto TwinRequestLink::when_done(Value correlation_id, size_t bytes, Reply reply) {
  return [handle = connection().handle(), id = id(), correlation_id = std::move(correlation_id), bytes,
          reply](const auto& result) {
    if (handle->connection == nullptr) return;
    auto* const self = static_cast<TwinRequestLink*>(handle->connection->handler(id));
    if (self == nullptr) return;
    self->end(bytes);
    reply(*self, correlation_id, result);
    handle->connection->flush();
  };
}

void TwinRequestLink::get(TwinRequest request, size_t bytes) {
  twins_.get(session().caller(), connection().shard().executor,
             when_done(std::move(request.correlation_id), bytes,
                       [](TwinRequestLink& self, const Value& id, const HubResult<hub::TwinDocument>& document) {
                         if (!document) return self.answer(id, document.error());
                         self.answer(id, 200, {}, document->body);
                         if (TwinAnswerLink* const out = self.answers()) out->on_read();
                       }));
}

void TwinRequestLink::patch(TwinRequest request, size_t bytes) {
  twins_.patch_reported(session().caller(), request.body, request.base_version, connection().shard().executor,
                        when_done(std::move(request.correlation_id), bytes,
                                  [](TwinRequestLink& self, const Value& id, const HubResult<uint64_t>& version) {
                                    if (!version) return self.answer(id, version.error());
                                    self.answer(id, 200, *version, "");
                                  }));
}

void TwinRequestLink::set_subscribed(const TwinRequest& request) {
  answer(request.correlation_id, 200, {}, "");
  TwinAnswerLink* const out = answers();
  if (out == nullptr) return;
  if (request.operation == Operation::kSubscribe) {
    out->subscribe();
  } else {
    out->unsubscribe();
  }
}

void TwinRequestLink::answer(const Value& correlation_id, int32_t status, std::optional<uint64_t> version,
                             std::string_view body) {
  TwinAnswerLink* const out = answers();
  if (out == nullptr || correlation_id.is_null()) return;
  out->answer(encode_twin_reply(correlation_id, status, version, body));
}

void TwinRequestLink::answer(const Value& correlation_id, const hub::Error& error) {
  log::write_limited(log::Level::kInfo, log::Category::kD2CTwinOperations, hub::row(error.code).name,
                     "twin request refused",
                     {{"deviceId", session().key().text()}, {"error", hub::row(error.code).name}});
  answer(correlation_id, hub::row(error.code).http_status, {}, hub::device_error_text(error, connection().utc()));
}

TwinAnswerLink* TwinRequestLink::answers() const {
  return static_cast<TwinAnswerLink*>(connection().handler(session().twin().to_device()));
}

}  // namespace nave::front::amqp
