#include "sim/actors/amqp_back_end.h"

#include "wire/amqp/message_writer.h"

namespace nave::sim {

namespace wamqp = wire::amqp;

namespace {

constexpr uint32_t kSender = 0;
constexpr uint32_t kFirstFeedbackHandle = 10;
constexpr uint32_t kFeedbackHandles = 100;

std::string encode(const C2dLedger::Order& order, const IdentityKey& to) {
  std::string out;
  wamqp::MessageWriter message(out);
  const wamqp::Value id = wamqp::Value::of_string(order.body);
  const std::string address = path_of(to) + "/messages/devicebound";
  wamqp::Properties properties;
  properties.message_id = id.view();
  properties.to = address;
  if (order.expires != kNever) properties.absolute_expiry_time_ms = unix_ms(order.expires);
  message.properties(properties);
  wamqp::MapWriter application = message.application_properties();
  application.string("iothub-ack", name_of(order.ack));
  application.end();
  message.data(order.body);
  return out;
}

}  // namespace

void AmqpBackEnd::act() {
  if (link_ && (link_->is_gone() || over_)) end();
  if (!link_) return connect();
  if (!attached_) return;
  if (feedback_handle_ == 0) attach_feedback();
  if (calm()) return;
  if (rng().one_in(80)) {
    link_->vanish();
    return end();
  }
  if (rng().one_in(80)) return end();
  if (rng().one_in(80)) {
    link_->client.detach(0, feedback_handle_);
    feedback_handle_ = 0;
    return;
  }
  if (unsettled_.size() > 100 || rng().one_in(2)) return;
  for (uint64_t n = 1 + rng().below(2); n > 0; --n) send(rng().pick(keys_));
}

void AmqpBackEnd::connect() {
  attached_ = over_ = false;
  link_ = std::make_unique<AmqpLink>(stage_, [this] { on_frames(); });
  link_->client.plain("owner@sas.root." + stage_.info.name(), stage_.policy_token());
}

void AmqpBackEnd::attach_all() {
  link_->client.connect();
  link_->client.attach(0, test::AmqpClient::sender(kSender, "tx", "/messages/devicebound"));
  attach_feedback();
  attached_ = true;
}

void AmqpBackEnd::attach_feedback() {
  feedback_handle_ = kFirstFeedbackHandle + static_cast<uint32_t>(feedback_links_++ % kFeedbackHandles);
  link_->client.attach(0, test::AmqpClient::receiver(feedback_handle_, "fb" + std::to_string(feedback_links_),
                                                     "/messages/serviceBound/feedback"));
  credit_.begin(*link_, feedback_handle_, rng());
}

void AmqpBackEnd::end() {
  feedback_handle_ = 0;
  second_steps_.clear();
  unsettled_.clear();
  attached_ = false;
  link_.reset();
}

void AmqpBackEnd::send(const IdentityKey& to) {
  const C2dLedger::Order order = stage_.commands.next(to);
  link_->client.transfer(0, kSender, encode(order, to), "s" + order.body);
  unsettled_.emplace(link_->client.last_delivery(), order.body);
}

void AmqpBackEnd::on_frames() {
  if (!attached_) {
    if (link_->client.take(wamqp::Code::kSaslOutcome)) attach_all();
    return;
  }
  if (link_->client.take(wamqp::Code::kClose)) over_ = true;
  if (over_) return;
  while (const auto message = link_->client.take_message()) on_feedback(*message);
  while (const auto frame = link_->client.take()) on_frame(*frame);
}

void AmqpBackEnd::on_frame(const test::AmqpFrame& frame) {
  if (frame.code() == wamqp::Code::kDisposition) return on_disposition(frame.as<wamqp::Disposition>());
  if (frame.code() != wamqp::Code::kDetach) return;
  const uint32_t handle = frame.as<wamqp::Detach>().handle;
  if (handle == kSender) over_ = true;
  if (handle == feedback_handle_) feedback_handle_ = 0;
}

void AmqpBackEnd::on_disposition(const wamqp::Disposition& d) {
  const bool accepted = std::holds_alternative<wamqp::Accepted>(wamqp::decode_outcome(d.state));
  for (uint32_t id = d.first; id <= d.last.value_or(d.first); ++id) {
    if (d.role == wamqp::Role::kReceiver) {
      const auto node = unsettled_.extract(id);
      if (node.empty()) {
        fail("a disposition for a message to a device that was settled, or never sent");
      } else if (accepted) {
        stage_.commands.on_accepted(node.mapped());
      }
      continue;
    }
    const auto node = second_steps_.extract(id);
    if (node.empty()) {
      fail("a second step for feedback that nobody waits for");
    } else if (!accepted) {
      stage_.feedback.on_released(node.mapped());
    }
  }
}

// What it has is its own as long as the hub knows this link.
void AmqpBackEnd::on_feedback(const test::AmqpMessage& message) {
  if (message.handle != feedback_handle_) return;  // of a link that is detached
  std::string scratch;
  const auto lives = [self = self_, link = feedback_links_] {
    if (*self == nullptr) return false;
    const AmqpBackEnd& b = **self;
    return b.feedback_handle_ != 0 && b.feedback_links_ == link && b.link_ && b.link_->is_served();
  };
  auto batch = stage_.feedback.on_received(message.view().data(scratch), {now() + kLinkHoldUs, lives});
  credit_.take(*link_, feedback_handle_, rng());
  if (!calm() && rng().one_in(15)) return;  // never settled
  after(rng().between(0, 500) * kMs,
        [this, link = feedback_links_, delivery = message.delivery, batch = std::move(batch)] {
          if (feedback_handle_ != 0 && feedback_links_ == link) settle_feedback(delivery, batch);
        });
}

void AmqpBackEnd::settle_feedback(uint32_t delivery, const FeedbackLedger::Batch& batch) {
  const uint64_t choice = calm() ? 9 : rng().below(10);
  auto& client = link_->client;
  if (choice == 0) {
    stage_.feedback.on_released(batch);
    return client.disposition(0, delivery, true, {});
  }
  const bool in_two_steps = rng().one_in(2);
  if (in_two_steps) second_steps_[delivery] = batch;
  if (choice < 3) {
    stage_.feedback.begin_abandon(batch);
    return client.disposition(0, delivery, !in_two_steps, wamqp::Released{});
  }
  stage_.feedback.begin_removal(batch);
  if (choice == 3) return client.disposition(0, delivery, !in_two_steps, wamqp::Rejected{});
  client.disposition(0, delivery, !in_two_steps, wamqp::Accepted{});
}

}  // namespace nave::sim
