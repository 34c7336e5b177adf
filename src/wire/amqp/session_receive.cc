// Transfers that the peer sends: credit, reassembly, hand-over to the listener.
#include "wire/amqp/connection_machine.h"
#include "wire/amqp/session.h"

namespace nave::wire::amqp {

void Session::on_transfer(const Item& fields, ByteView payload) {
  Transfer transfer;
  if (!decode(fields, transfer)) return machine_.fail(condition::kDecodeError, "malformed transfer");
  ++next_incoming_id_;
  Link* link = by_handle(transfer.handle);
  if (link == nullptr) return fail(condition::kUnattachedHandle, "transfer on a handle that is not attached");
  if (link->role() != Role::kReceiver) return fail(condition::kErrantLink, "transfer from the receiving side");
  // The peer's view of our window counts frames (or, with some SDKs, deliveries: §11), so it is renewed by frames.
  if (++frames_since_flow_ >= machine_.options_.incoming_window / 2) write_flow(nullptr);
  if (!link->live()) return;  // on its way when we detached
  if (link->partial_) {
    continue_delivery(*link, transfer, payload);
  } else {
    begin_delivery(*link, transfer, payload);
  }
}

void Session::begin_delivery(Link& link, const Transfer& transfer, ByteView payload) {
  if (!transfer.delivery_id) return fail(condition::kInvalidField, "first transfer of a delivery without delivery-id");
  if (link.link_credit_ == 0) {
    return end_link(link, DetachInfo::Cause::kProtocol, condition::kTransferLimitExceeded, "no credit");
  }
  --link.link_credit_;
  ++link.delivery_count_;
  if (transfer.aborted) return link.top_up();

  Delivery delivery;
  delivery.id = *transfer.delivery_id;
  delivery.tag = transfer.delivery_tag.value_or(ByteView{});
  delivery.message_format = transfer.message_format.value_or(0);
  delivery.settled = transfer.settled.value_or(false);
  if (!transfer.more) {
    if (payload.size() > link.max_message_size_) {
      return end_link(link, DetachInfo::Cause::kProtocol, condition::kMessageSizeExceeded, "message too large");
    }
    delivery.payload = payload;
    return deliver(link, delivery);
  }
  link.partial_ = std::make_unique<Link::Partial>();
  link.partial_->id = delivery.id;
  link.partial_->tag = std::string(delivery.tag.substr(0, limits::kAmqpDeliveryTagBytesMax));
  link.partial_->message_format = delivery.message_format;
  link.partial_->settled = delivery.settled;
  append_partial(link, payload);
}

// Continuations repeat or omit id, tag and format (§11); only another id is wrong.
void Session::continue_delivery(Link& link, const Transfer& transfer, ByteView payload) {
  if (transfer.delivery_id && *transfer.delivery_id != link.partial_->id) {
    return fail(condition::kInvalidField, "a delivery began before the last one of its link was complete");
  }
  if (transfer.aborted) {
    link.drop_partial();
    return link.top_up();
  }
  link.partial_->settled = link.partial_->settled || transfer.settled.value_or(false);
  if (!append_partial(link, payload) || transfer.more) return;
  const auto partial = std::move(link.partial_);
  machine_.reassembly_bytes_ -= partial->payload.size();
  deliver(link, Delivery{partial->id, partial->tag, partial->message_format, partial->settled, partial->payload});
}

// False if the message or what the connection holds became too large; the link is detached then.
bool Session::append_partial(Link& link, ByteView payload) {
  if (link.partial_->payload.size() + payload.size() > link.max_message_size_) {
    end_link(link, DetachInfo::Cause::kProtocol, condition::kMessageSizeExceeded, "message too large");
    return false;
  }
  if (machine_.reassembly_bytes_ + payload.size() > limits::kAmqpReassemblyBytesPerConnectionMax) {
    end_link(link, DetachInfo::Cause::kProtocol, condition::kResourceLimitExceeded,
             "too many incomplete messages on this connection");
    return false;
  }
  link.partial_->payload.append(payload);
  machine_.reassembly_bytes_ += payload.size();
  return true;
}

void Session::deliver(Link& link, const Delivery& delivery) {
  if (!delivery.settled) ++link.unsettled_;
  machine_.listener_.on_delivery(link, delivery);
  link.top_up();
}

}  // namespace nave::wire::amqp
