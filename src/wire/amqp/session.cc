#include "wire/amqp/session.h"

#include "wire/amqp/connection_machine.h"

namespace nave::wire::amqp {

Session::Session(ConnectionMachine& machine, SessionId id, uint16_t channel, const Begin& begin)
    : machine_(machine),
      id_(id),
      channel_(channel),
      next_incoming_id_(begin.next_outgoing_id),
      remote_window_(begin.incoming_window) {}

void Session::write_begin() {
  Begin begin;
  begin.remote_channel = channel_;
  begin.next_outgoing_id = next_outgoing_id_;
  begin.incoming_window = machine_.options_.incoming_window;
  begin.outgoing_window = UINT32_MAX;
  begin.handle_max = machine_.handle_max_;
  encode(begin, machine_.output_.begin_frame(Output::kAmqpFrame, channel_));
  machine_.output_.end_frame();
}

Link* Session::by_handle(uint32_t handle) const {
  const auto found = links_.find(handle);
  return found == links_.end() ? nullptr : found->second.get();
}

void Session::fail(std::string_view condition, std::string_view text) {
  end(Error{std::string(condition), std::string(text), Value()});
}

void Session::end(const std::optional<Error>& error) {
  encode_end(error, machine_.output_.begin_frame(Output::kAmqpFrame, channel_));
  machine_.output_.end_frame();
  ended_ = true;
  machine_.report_session_end(*this, DetachInfo::Cause::kSession, error);
}

void Session::on_attach(const Item& fields) {
  Attach attach;
  if (!decode(fields, attach)) return machine_.fail(condition::kDecodeError, "malformed attach");
  if (attach.handle > machine_.handle_max_) return machine_.fail(condition::kFramingError, "handle above handle-max");
  if (machine_.link_count_ >= limits::kAmqpLinksPerConnectionMax) {
    return machine_.fail(condition::kResourceLimitExceeded, "too many links on this connection");
  }
  if (attach.name.size() > limits::kAmqpLinkNameBytesMax) return fail(condition::kInvalidField, "link name too long");
  if (by_handle(attach.handle) != nullptr) return fail(condition::kHandleInUse, "a link has this handle already");
  steal(attach.name, attach.role);

  const uint32_t handle = attach.handle;
  auto owned = std::make_unique<Link>(*this, machine_.next_id_++, std::move(attach));
  Link& link = *owned;
  links_.emplace(handle, std::move(owned));
  by_name_.emplace(link.name(), &link);
  machine_.live_.emplace(link.id(), &link);
  ++machine_.link_count_;
  machine_.listener_.on_attach(link);
}

void Session::steal(std::string_view name, Role peer_role) {
  const auto [first, last] = by_name_.equal_range(name);
  for (auto it = first; it != last; ++it) {
    if (it->second->attach().role != peer_role) continue;
    // end_link() takes the entry out of by_name_, and there is at most one.
    return end_link(*it->second, DetachInfo::Cause::kStolen, condition::kLinkStolen,
                    "another link of the same name was attached");
  }
}

void Session::end_link(Link& link, DetachInfo::Cause cause, std::string_view condition, std::string_view text) {
  const Error error{std::string(condition), std::string(text), Value()};
  link.detach(true, error);
  machine_.listener_.on_detach(link, DetachInfo{cause, true, error});
}

void Session::on_detach(const Item& fields) {
  Detach detach;
  if (!decode(fields, detach)) return machine_.fail(condition::kDecodeError, "malformed detach");
  Link* link = by_handle(detach.handle);
  if (link == nullptr) return fail(condition::kUnattachedHandle, "detach of a handle that is not attached");
  const bool was_live = link->live();
  if (was_live) link->detach(detach.closed, std::nullopt);
  remove(*link);
  if (was_live) {
    machine_.listener_.on_detach(*link, DetachInfo{DetachInfo::Cause::kPeer, detach.closed, std::move(detach.error)});
  }
}

// Everything that a live link holds in the session and the machine, except its handle.
void Session::forget(Link& link) {
  link.drop_partial();
  if (link.role() == Role::kSender) unsettled_.drop(link);
  link.unsettled_ = 0;
  link.queue_.clear();
  link.queued_bytes_ = 0;
  machine_.live_.erase(link.id());
  const auto [first, last] = by_name_.equal_range(link.name());
  for (auto it = first; it != last; ++it) {
    if (it->second != &link) continue;
    by_name_.erase(it);
    return;
  }
}

// The handle is free again; the object is kept until it is safe to destroy.
void Session::remove(Link& link) {
  link.state_ = Link::State::kGone;
  const auto found = links_.find(link.attach().handle);
  machine_.buried_links_.push_back(std::move(found->second));
  links_.erase(found);
  --machine_.link_count_;
}

std::vector<Link*> Session::retire() {
  std::vector<Link*> live;
  for (auto& [handle, link] : links_) {
    if (link->live()) {
      forget(*link);
      live.push_back(link.get());
    }
    link->state_ = Link::State::kGone;
    machine_.buried_links_.push_back(std::move(link));
  }
  machine_.link_count_ -= links_.size();
  links_.clear();
  return live;
}

void Session::on_flow(const Item& fields) {
  Flow flow;
  if (!decode(fields, flow)) return machine_.fail(condition::kDecodeError, "malformed flow");
  update_window(flow);
  Link* link = nullptr;
  if (flow.handle) {
    link = by_handle(*flow.handle);
    if (link == nullptr) return fail(condition::kUnattachedHandle, "flow for a handle that is not attached");
  }
  pump_waiting();
  if (link == nullptr) {
    if (flow.echo) write_flow(nullptr);
  } else if (link->live()) {
    link->role() == Role::kSender ? on_receiver_flow(*link, flow) : on_sender_flow(*link, flow);
  }
}

void Session::update_window(const Flow& flow) {
  // Without an id the peer has seen nothing of ours yet.
  const uint32_t in_flight = next_outgoing_id_ - flow.next_incoming_id.value_or(1);
  if (in_flight > UINT32_MAX / 2) {
    remote_window_ = flow.incoming_window;  // a peer that counts more than was sent (§11) is believed
  } else {
    remote_window_ = flow.incoming_window > in_flight ? flow.incoming_window - in_flight : 0;
  }
}

// The peer sends on this link: it may have skipped deliveries.
void Session::on_sender_flow(Link& link, const Flow& flow) {
  if (flow.delivery_count) {
    const uint32_t skipped = *flow.delivery_count - link.delivery_count_;
    if (skipped <= link.link_credit_) {
      link.link_credit_ -= skipped;
      link.delivery_count_ = *flow.delivery_count;
    }
  }
  if (flow.echo && link.attached()) write_flow(&link);
  link.top_up();
}

// The peer receives on this link: its credit counts from the delivery-count that it had seen.
void Session::on_receiver_flow(Link& link, const Flow& flow) {
  if (flow.link_credit) {
    const uint32_t seen_late = link.delivery_count_ - flow.delivery_count.value_or(0);
    link.link_credit_ = *flow.link_credit > seen_late ? *flow.link_credit - seen_late : 0;
  }
  link.drain_ = flow.drain.value_or(false);
  if (!link.attached()) return;
  pump(link);
  machine_.listener_.on_sendable(link);
  if (!link.attached()) return;
  const bool draining = link.drain_;
  if (draining) finish_drain(link);
  if (flow.echo && !draining) write_flow(&link);
}

// Gives up the credit that is left, unless messages still wait for the session window (R16).
void Session::finish_drain(Link& link) {
  if (link.waiting_) return;
  link.drain_ = false;
  link.delivery_count_ += link.link_credit_;
  link.link_credit_ = 0;
  write_flow(&link, true);
}

void Session::write_flow(const Link* link, bool drain_done) {
  Flow flow;
  flow.next_incoming_id = next_incoming_id_;
  flow.incoming_window = machine_.options_.incoming_window;
  flow.next_outgoing_id = next_outgoing_id_;
  flow.outgoing_window = UINT32_MAX;
  if (link != nullptr) {
    flow.handle = link->attach().handle;
    flow.delivery_count = link->delivery_count_;
    flow.link_credit = link->link_credit_;
    flow.available = static_cast<uint32_t>(link->queue_.size());
    if (drain_done) flow.drain = true;
  }
  encode(flow, machine_.output_.begin_frame(Output::kAmqpFrame, channel_));
  machine_.output_.end_frame();
  frames_since_flow_ = 0;
}

}  // namespace nave::wire::amqp
