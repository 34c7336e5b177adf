#include "sim/actors/amqp_c2d.h"

namespace nave::sim {

namespace wamqp = wire::amqp;
using hub::C2dOutcome;

namespace {

constexpr uint32_t kFirstHandle = 10;  // each link has another, so that nothing of an old one is taken for a new one's
constexpr uint32_t kHandles = 100;

wamqp::Outcome outcome_of(C2dOutcome outcome, bool modified) {
  if (outcome == C2dOutcome::kComplete) return wamqp::Accepted{};
  if (outcome == C2dOutcome::kReject) return wamqp::Rejected{};
  if (modified) return wamqp::Modified{};
  return wamqp::Released{};
}

}  // namespace

void AmqpC2d::attach() {
  handle_ = kFirstHandle + links_++ % kHandles;
  client().attach(
      0, test::AmqpClient::receiver(handle_, "c2d" + std::to_string(links_), device_.address("/messages/devicebound")));
  order_ = 0;
  credit_.begin(*device_.link, handle_, rng());
}

void AmqpC2d::act() {
  if (handle_ == 0) return attach();
  if (device_.calm || !rng().one_in(60)) return;
  client().detach(0, handle_);
  handle_ = 0;
}

// What it has is its own as long as the hub knows this link.
Hold AmqpC2d::hold() const {
  if (device_.may_expire) return {};  // the hub gives up first
  return {device_.stage.scheduler.now() + kLinkHoldUs, [self = self_, link = links_, connection = device_.connection] {
            if (*self == nullptr) return false;
            const AmqpC2d& c = **self;
            return c.handle_ != 0 && c.links_ == link && c.device_.connection == connection &&
                   c.device_.link != nullptr && c.device_.link->is_served();
          }};
}

bool AmqpC2d::on_message(const test::AmqpMessage& message) {
  if (message.handle < kFirstHandle) return false;
  if (message.handle != handle_) return true;  // of a link that is detached
  std::string scratch;
  const std::string body(message.view().data(scratch));
  device_.stage.commands.on_received(device_.key, body, hold(), &order_);
  credit_.take(*device_.link, handle_, rng());
  if (!device_.calm && rng().one_in(20)) return true;  // never settled
  after(rng().between(0, 60) * kMs, [this, link = links_, delivery = message.delivery, body] {
    if (handle_ != 0 && links_ == link) settle(delivery, body);
  });
  return true;
}

void AmqpC2d::settle(uint32_t delivery, const std::string& body) {
  C2dLedger& ledger = device_.stage.commands;
  const uint64_t choice = device_.calm ? 9 : rng().below(12);
  if (choice == 0) {
    ledger.on_released(body);
    return client().disposition(0, delivery, true, {});
  }
  const C2dOutcome outcome = choice == 1  ? C2dOutcome::kReject
                             : choice < 5 ? C2dOutcome::kAbandon
                                          : C2dOutcome::kComplete;
  const bool in_two_steps = rng().one_in(2);
  ledger.begin_settle(body, outcome);
  if (in_two_steps) awaited_[delivery] = {body, outcome};
  client().disposition(0, delivery, !in_two_steps, outcome_of(outcome, rng().one_in(2)));
}

void AmqpC2d::on_disposition(const wamqp::Disposition& disposition) {
  if (disposition.role != wamqp::Role::kSender) return;
  const wamqp::Outcome outcome = wamqp::decode_outcome(disposition.state);
  for (uint32_t id = disposition.first; id <= disposition.last.value_or(disposition.first); ++id) {
    const auto node = awaited_.extract(id);
    if (node.empty()) {
      fail("a second step that nobody waits for");
      continue;
    }
    C2dLedger& ledger = device_.stage.commands;
    const Confirmation& awaited = node.mapped();
    if (std::holds_alternative<wamqp::Accepted>(outcome)) {
      ledger.on_settled(awaited.body, awaited.outcome);
    } else {
      ledger.on_released(awaited.body);
    }
  }
}

void AmqpC2d::on_detach(uint32_t handle) {
  if (handle == handle_) handle_ = 0;
}

void AmqpC2d::on_lost() {
  handle_ = 0;
  awaited_.clear();
}

}  // namespace nave::sim
