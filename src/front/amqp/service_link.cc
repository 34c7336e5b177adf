#include "front/amqp/service_link.h"

#include <string>
#include <utility>

#include "base/log.h"
#include "front/amqp/errors.h"

namespace nave::front::amqp {

using hub::HubResult;
using wire::amqp::Delivery;
using wire::amqp::Link;

bool is_back_end(const Grants& grants, std::string_view entity) {
  return grants.service(auth::Right::kServiceConnect, {"messages", entity}) != nullptr;
}

// --- messages to devices

void C2dSendLink::on_delivery(Link& link, const Delivery& delivery) {
  const auto to = read_c2d_message(delivery.payload, reader_, message_);
  if (!to) return refuse(link, delivery, to.error());
  const size_t bytes = delivery.payload.size();
  ++pending_;
  pending_bytes_ += bytes;
  connection_.add_inflight(1, bytes);
  messages_.send(*to, message_, connection_.shard().executor,
                 [handle = connection_.handle(), link_id = id_, id = delivery.id, settled = delivery.settled,
                  bytes](const HubResult<void>& stored) {
                   if (handle->connection == nullptr) return;
                   auto* const self = static_cast<C2dSendLink*>(handle->connection->handler(link_id));
                   if (self == nullptr) return;
                   self->end(bytes);
                   Link& answered = *handle->connection->machine().find(link_id);
                   const Delivery sent{.id = id, .tag = {}, .message_format = 0, .settled = settled, .payload = {}};
                   if (!stored) {
                     self->refuse(answered, sent, stored.error());
                   } else if (!settled) {
                     answered.settle(id, wire::amqp::Accepted{});
                   }
                   handle->connection->flush();
                 });
}

void C2dSendLink::refuse(Link& link, const Delivery& delivery, const hub::Error& error) {
  log::write_limited(log::Level::kInfo, log::Category::kC2DCommands, hub::row(error.code).name,
                     "a message to a device was refused",
                     {{"error", hub::row(error.code).name}, {"reason", printable(error.message)}});
  if (!delivery.settled) link.settle(delivery.id, wire::amqp::Rejected{make_error(error, connection_.utc())});
}

void C2dSendLink::end(size_t bytes) {
  --pending_;
  pending_bytes_ -= bytes;
  connection_.remove_inflight(1, bytes);
}

void C2dSendLink::on_detach() {
  connection_.remove_inflight(pending_, pending_bytes_);
}

// --- feedback

void FeedbackLink::on_sendable(Link& link) {
  while (link.can_send()) {
    if (connection_.congested()) return connection_.when_writable(id_);
    const auto batch = feedback_.receive();
    if (!batch) return wait();
    unsettled_.send(link, encode_feedback(*batch, connection_.front().hub.name()), batch->lock);
  }
}

void FeedbackLink::wait() {
  if (waiting_) return;
  waiting_ = feedback_.wait(connection_.shard().executor, [handle = connection_.handle(), id = id_] {
    if (handle->connection == nullptr) return;
    auto* const self = static_cast<FeedbackLink*>(handle->connection->handler(id));
    if (self == nullptr) return;
    self->waiting_.reset();
    self->on_sendable(*handle->connection->machine().find(id));
    handle->connection->flush();
  });
}

void FeedbackLink::on_outcome(Link&, const wire::amqp::SentOutcome& outcome) {
  const auto settled = unsettled_.on_outcome(outcome);
  if (!settled) return;
  if (!settled->outcome) return feedback_.release({&settled->lock, 1});
  feedback_.settle(settled->lock, *settled->outcome, connection_.shard().executor,
                   confirm_when_done(connection_, id_, outcome));
}

void FeedbackLink::on_detach() {
  if (waiting_) feedback_.cancel_wait(*waiting_);
  const auto locks = unsettled_.take_all();
  if (!locks.empty()) feedback_.release(locks);
}

}  // namespace nave::front::amqp
