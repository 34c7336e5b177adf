#include "wire/amqp/link.h"

#include <algorithm>

#include "wire/amqp/connection_machine.h"
#include "wire/amqp/session.h"

namespace nave::wire::amqp {

Link::Link(Session& session, LinkId id, Attach attach) : session_(session), id_(id), attach_(std::move(attach)) {
  if (role() == Role::kReceiver) delivery_count_ = attach_.initial_delivery_count.value_or(0);
}

SessionId Link::session() const {
  return session_.id();
}

std::string_view Link::address() const {
  const auto& terminus = role() == Role::kReceiver ? attach_.target : attach_.source;
  return terminus ? terminus->address_text() : std::string_view{};
}

AttachReply Link::make_reply() const {
  AttachReply reply;
  reply.snd_settle_mode = attach_.snd_settle_mode;
  reply.rcv_settle_mode = attach_.rcv_settle_mode;
  reply.source = attach_.source.value_or(Terminus{});
  reply.target = attach_.target.value_or(Terminus{});
  reply.properties = attach_.properties;
  // A receiving peer's own limit is echoed (§4); 0 means that it has none.
  const uint64_t asked = attach_.max_message_size.value_or(0);
  if (role() == Role::kSender && asked != 0) reply.max_message_size = std::min(asked, reply.max_message_size);
  return reply;
}

void Link::accept(AttachReply reply) {
  if (state_ != State::kAttaching) return;
  state_ = State::kAttached;
  max_message_size_ = std::min<uint64_t>(reply.max_message_size, limits::kAmqpMessageBytesMax);
  write_attach(reply, false);
  if (role() == Role::kReceiver) {
    set_credit_window(reply.credit);
  } else {
    session_.pump(*this);
  }
}

void Link::refuse(const Error& error) {
  if (state_ == State::kAttaching) detach(true, error);
}

void Link::detach(bool closed, const std::optional<Error>& error) {
  if (!live()) return;
  if (state_ == State::kAttaching) write_attach(make_reply(), true);
  write_detach(closed, error);
  session_.forget(*this);
  state_ = State::kDetachSent;
}

void Link::write_attach(const AttachReply& reply, bool refused) {
  Attach out;
  out.name = attach_.name;
  out.handle = attach_.handle;
  out.role = role();
  out.snd_settle_mode = reply.snd_settle_mode;
  out.rcv_settle_mode = reply.rcv_settle_mode;
  // §8: a refused receiver gets neither terminus back, a refused sender no target.
  if (!refused || role() == Role::kReceiver) out.source = reply.source;
  if (!refused) out.target = reply.target;
  if (role() == Role::kSender) out.initial_delivery_count = 0;
  out.max_message_size = reply.max_message_size;
  out.offered_capabilities = reply.offered_capabilities;
  out.properties = reply.properties;
  Output& output = session_.machine_.output_;
  encode(out, output.begin_frame(Output::kAmqpFrame, session_.channel()));
  output.end_frame();
}

void Link::write_detach(bool closed, const std::optional<Error>& error) {
  Output& output = session_.machine_.output_;
  encode(Detach{attach_.handle, closed, error}, output.begin_frame(Output::kAmqpFrame, session_.channel()));
  output.end_frame();
}

void Link::set_credit_window(uint32_t n) {
  credit_window_ = n;
  top_up();
}

void Link::top_up() {
  if (!attached() || role() != Role::kReceiver) return;
  const uint32_t room = limits::kAmqpUnsettledPerLinkMax - unsettled_;
  const uint32_t target = std::min<uint32_t>(credit_window_, room);
  // Half of what could at best be granted, so that near the limit of unsettled deliveries not every settle() costs a
  // flow.
  const uint32_t step = std::max<uint32_t>(1, std::min<uint32_t>(credit_window_, limits::kAmqpUnsettledPerLinkMax) / 2);
  if (target < link_credit_ || target - link_credit_ < step) return;
  link_credit_ = target;
  session_.write_flow(this);
}

void Link::settle(uint32_t delivery_id, const Outcome& outcome) {
  if (!attached() || role() != Role::kReceiver) return;
  if (unsettled_ > 0) --unsettled_;
  Output& output = session_.machine_.output_;
  if (std::holds_alternative<Accepted>(outcome)) {
    output.accept(session_.channel(), attach_.handle, delivery_id);
  } else {
    std::string& body = output.begin_frame(Output::kAmqpFrame, session_.channel());
    encode_disposition(Role::kReceiver, delivery_id, std::nullopt, true, outcome, body);
    output.end_frame();
  }
  top_up();
}

uint32_t Link::credit() const {
  if (!attached() || role() != Role::kSender) return 0;
  size_t queued = queue_.size();
  if (queued > 0 && queue_.front().started) --queued;  // has used its credit
  return queued >= link_credit_ ? 0 : link_credit_ - static_cast<uint32_t>(queued);
}

bool Link::can_send() const {
  return queue_.empty() && credit() > 0 && unsettled_ < limits::kAmqpUnsettledPerLinkMax;
}

std::optional<uint64_t> Link::send(ByteView message, const SendOptions& options) {
  if (!attached() || role() != Role::kSender || options.tag.size() > limits::kAmqpDeliveryTagBytesMax) {
    return std::nullopt;
  }
  if (queue_.size() >= limits::kAmqpQueuedPerLinkMax ||
      queued_bytes_ + message.size() > limits::kAmqpQueuedBytesPerLinkMax ||
      unsettled_ + queue_.size() >= limits::kAmqpUnsettledPerLinkMax) {
    return std::nullopt;
  }
  Session::Sending sending{session_.machine_.next_delivery_++, options, false};
  size_t sent = 0;
  bool complete = false;
  if (queue_.empty() && link_credit_ > 0) sent = session_.transmit(*this, message, sending, complete);
  if (!complete) {
    enqueue(message.substr(sent), sending.number, options, sending.started);
    session_.pump(*this);  // takes note if it is the window that is missing
  }
  return sending.number;
}

void Link::enqueue(ByteView rest, uint64_t number, const SendOptions& options, bool started) {
  Outgoing out;
  out.number = number;
  out.message = std::string(rest);
  out.tag = std::string(options.tag);
  out.message_format = options.message_format;
  out.settled = options.settled;
  out.started = started;
  queued_bytes_ += rest.size();
  queue_.push_back(std::move(out));
}

void Link::confirm(uint32_t wire_id, const Outcome& outcome) {
  if (!attached() || role() != Role::kSender) return;
  const auto entry = session_.unsettled_.find(wire_id);
  if (!entry || entry->link != this) return;
  session_.unsettled_.remove(wire_id);
  Output& output = session_.machine_.output_;
  std::string& body = output.begin_frame(Output::kAmqpFrame, session_.channel());
  encode_disposition(Role::kSender, wire_id, std::nullopt, true, outcome, body);
  output.end_frame();
}

void Link::drop_partial() {
  if (!partial_) return;
  session_.machine_.reassembly_bytes_ -= partial_->payload.size();
  partial_.reset();
}

}  // namespace nave::wire::amqp
