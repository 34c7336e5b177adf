#include "front/amqp/telemetry_link.h"

#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "front/amqp/errors.h"

namespace nave::front::amqp {

using hub::Error;
using hub::ErrorCode;
using wire::amqp::Delivery;
using wire::amqp::Link;
using wire::amqp::MessageView;

TelemetryLink::TelemetryLink(Connection& connection, std::shared_ptr<DeviceSession> session, wire::amqp::LinkId id,
                             hub::Ingest& ingest, TelemetryScratch& scratch)
    : DeviceLink(connection, std::move(session), id), ingest_(ingest), scratch_(scratch), sink_(ingest.attach(*this)) {}

TelemetryLink::~TelemetryLink() {
  ingest_.detach(sink_);
}

void TelemetryLink::on_delivery(Link& link, const Delivery& delivery) {
  const Taken taken = delivery.message_format == wire::amqp::kBatchFormat ? submit_batch(delivery.payload)
                                                                          : submit_message(delivery.payload);
  if (taken.error) reject(link, delivery, *taken.error);
  if (taken.messages == 0) return;
  const bool answered = delivery.settled || taken.error.has_value();
  pending_.emplace_back(delivery.id, static_cast<uint32_t>(delivery.payload.size()), taken.messages, answered);
  connection().add_inflight(taken.messages, delivery.payload.size());
  session().note_activity();
}

TelemetryLink::Taken TelemetryLink::submit_message(ByteView encoded) {
  auto read = scratch_.reader.read(encoded, scratch_.event);
  if (!read) return {0, std::move(read.error())};
  if (const auto refused = session().injected_refusal()) return {0, Error(*refused)};
  auto submitted = ingest_.submit(scratch_.event, session().origin(), sink_, 0);
  if (!submitted) return {0, std::move(submitted.error())};
  session().look_for_fault_request(scratch_.event);
  return {1, {}};
}

// First everything is looked at, then everything is taken. Only a full log can stop it half way: then the client is
// told to send again, and what was taken already arrives twice, as it may.
TelemetryLink::Taken TelemetryLink::submit_batch(ByteView encoded) {
  const auto batch = MessageView::parse(encoded);
  if (!batch || batch->data_count() == 0)
    return {0, Error(ErrorCode::kIotHubFormatError, "The batch holds no messages, or is not well-formed.")};
  if (auto good = check_batch(*batch); !good) return {0, std::move(good.error())};
  Taken taken;
  batch->for_each_data([&](ByteView message) {
    Taken one = submit_message(message);
    taken.messages += one.messages;
    taken.error = std::move(one.error);
    return !taken.error.has_value();
  });
  return taken;
}

hub::HubResult<void> TelemetryLink::check_batch(const MessageView& batch) {
  if (batch.data_count() > limits::kAmqpBatchMessagesMax)
    return fail(Error(ErrorCode::kMessageTooLarge, "The batch holds too many messages."));
  hub::HubResult<void> result;
  size_t bytes = 0;
  batch.for_each_data([&](ByteView message) {
    result = scratch_.reader.read(message, scratch_.event);
    if (!result) return false;
    bytes += hub::metered_size(scratch_.event);
    if (bytes > limits::kD2cMessageBytesMax) result = fail(Error(ErrorCode::kMessageTooLarge));
    return result.has_value();
  });
  return result;
}

void TelemetryLink::reject(Link& link, const Delivery& delivery, const Error& error) {
  log::write_limited(log::Level::kWarning, log::Category::kDeviceTelemetry, "amqp.telemetry",
                     "an AMQP message was refused", {{"deviceId", session().key().text()}, {"reason", error.message}});
  if (!delivery.settled) link.settle(delivery.id, wire::amqp::Rejected{make_error(error, connection().utc())});
}

void TelemetryLink::on_telemetry_done(uint64_t, bool ok) {
  Pending& oldest = pending_.front();
  oldest.failed = oldest.failed || !ok;
  if (--oldest.messages_left > 0) return;
  const Pending done = oldest;
  pending_.pop_front();
  connection().remove_inflight(done.messages, done.bytes);
  Link* const out = link();
  if (done.answered || out == nullptr) return;
  if (done.failed) {
    out->settle(done.delivery, wire::amqp::Rejected{make_error(ErrorCode::kServerError, connection().utc())});
  } else {
    out->settle(done.delivery, wire::amqp::Accepted{});
  }
}

void TelemetryLink::on_telemetry_batch_end() {
  connection().flush();
}

void TelemetryLink::on_detach() {
  ingest_.detach(sink_);
  for (const Pending& p : pending_) connection().remove_inflight(p.messages, p.bytes);
  pending_.clear();
  DeviceLink::on_detach();
}

}  // namespace nave::front::amqp
