// Transfers that we send and what the peer says of them.
#include <algorithm>

#include "wire/amqp/connection_machine.h"
#include "wire/amqp/frame.h"
#include "wire/amqp/session.h"

namespace nave::wire::amqp {

size_t Session::transmit(Link& link, ByteView message, Sending& sending, bool& complete) {
  size_t sent = 0;
  uint32_t delivery_id = 0;
  complete = false;
  while (!complete && remote_window_ > 0) {
    if (!sending.started) {
      delivery_id = next_delivery_id_++;
      ++link.delivery_count_;
      --link.link_credit_;
      if (!sending.options.settled) unsettled_.add(delivery_id, link, sending.number);
    }
    bool more = false;
    sent += write_transfer(link, message.substr(sent), sending, delivery_id, more);
    sending.started = true;
    complete = !more;
    --remote_window_;
    ++next_outgoing_id_;
  }
  return sent;
}

// One frame with as much of `rest` as the peer's frame size allows (R13). Returns the bytes taken.
size_t Session::write_transfer(Link& link, ByteView rest, const Sending& sending, uint32_t delivery_id, bool& more) {
  Transfer transfer;
  transfer.handle = link.attach().handle;
  if (!sending.started) {
    transfer.delivery_id = delivery_id;
    transfer.delivery_tag = sending.options.tag;
    transfer.message_format = sending.options.message_format;
  }
  if (sending.options.settled) transfer.settled = true;

  std::string& out = machine_.output_.begin_frame(Output::kAmqpFrame, channel_);
  const size_t at = out.size();
  encode(transfer, out);
  const size_t room = machine_.peer_max_frame_ - kFrameHeaderBytes - (out.size() - at);
  more = rest.size() > room;
  if (more) {
    transfer.more = true;  // as long as false
    out.resize(at);
    encode(transfer, out);
  }
  const size_t taken = std::min(rest.size(), room);
  out.append(rest.substr(0, taken));
  machine_.output_.end_frame();
  return taken;
}

// Sends what the link's queue, credit and the window allow; a link that only lacks the window waits in line for it.
void Session::pump(Link& link) {
  while (link.attached() && !link.queue_.empty()) {
    Link::Outgoing& next = link.queue_.front();
    if (!next.started && link.link_credit_ == 0) return;
    Sending sending{next.number, SendOptions{next.tag, next.message_format, next.settled}, next.started};
    bool complete = false;
    next.sent += transmit(link, ByteView(next.message).substr(next.sent), sending, complete);
    next.started = sending.started;
    if (!complete) {
      if (!link.waiting_) waiting_.push_back(link.id());
      link.waiting_ = true;
      return;
    }
    link.queued_bytes_ -= next.message.size();
    link.queue_.pop_front();
  }
}

void Session::pump_waiting() {
  for (size_t n = waiting_.size(); n > 0 && remote_window_ > 0; --n) {
    Link* link = machine_.find(waiting_.front());
    waiting_.pop_front();
    if (link == nullptr) continue;
    link->waiting_ = false;
    pump(*link);
    if (link->waiting_) continue;
    machine_.listener_.on_sendable(*link);
    if (link->attached() && link->drain_) finish_drain(*link);
  }
}

void Session::on_disposition(const Item& fields) {
  Disposition disposition;
  if (!decode(fields, disposition)) return machine_.fail(condition::kDecodeError, "malformed disposition");
  // As a sender the peer can only confirm what we have settled already (R9).
  if (disposition.role == Role::kSender) return;
  const Outcome outcome = decode_outcome(disposition.state);
  const bool terminal = !std::holds_alternative<std::monostate>(outcome) && !std::holds_alternative<Received>(outcome);
  if (!disposition.settled && !terminal) return;
  for (const uint32_t id : unsettled_.ids(disposition.first, disposition.last.value_or(disposition.first))) {
    report_outcome(id, outcome, disposition.settled);
  }
}

void Session::report_outcome(uint32_t wire_id, const Outcome& outcome, bool settled) {
  const auto entry = unsettled_.find(wire_id);
  if (!entry) return;  // the listener ended its link in an earlier callback
  Link& link = *entry->link;
  const bool was_full = link.unsettled_ >= limits::kAmqpUnsettledPerLinkMax;
  if (settled) unsettled_.remove(wire_id);
  machine_.listener_.on_outcome(link, SentOutcome{entry->number, wire_id, outcome, settled});
  if (was_full && settled && link.can_send()) machine_.listener_.on_sendable(link);
}

}  // namespace nave::wire::amqp
