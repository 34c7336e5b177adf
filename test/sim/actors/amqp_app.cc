#include "sim/actors/amqp_app.h"

#include <algorithm>

#include "sim/actors/amqp_c2d.h"
#include "sim/actors/amqp_methods.h"
#include "sim/actors/amqp_twin.h"

namespace nave::sim {

namespace wamqp = wire::amqp;

namespace {

constexpr int64_t kTokenGraceS = 300;

}  // namespace

AmqpApp::AmqpApp(Stage& stage, const IdentityKey& key) : Actor(stage), device_{stage, key, make_life()} {
  parts_.push_back(std::make_unique<AmqpC2d>(device_));
  parts_.push_back(std::make_unique<AmqpTwin>(device_));
  parts_.push_back(std::make_unique<AmqpMethods>(device_));
}

std::string AmqpApp::waits_for() const {
  if (!link_ || !attached_ || over_) return "a connection of " + device_.key.text();
  for (const auto& part : parts_) {
    if (std::string what = part->waits_for(); !what.empty()) return what;
  }
  return "";
}

void AmqpApp::check() {
  for (const auto& part : parts_) part->check();
}

void AmqpApp::act() {
  device_.calm = calm();
  if (link_ && (link_->is_gone() || over_)) end();
  if (!link_) {
    if (calm() || rng().one_in(3)) connect();
    return;
  }
  if (!attached_) return;
  check_token();
  if (!calm() && rng().one_in(60)) {
    link_->vanish();
    return end();
  }
  if (!calm() && rng().one_in(60)) return end();
  if (!calm() && rng().one_in(50)) {
    link_->stall(true);
    after(rng().between(1, 2000) * kMs, [this] {
      if (link_) link_->stall(false);
    });
  }
  for (const auto& part : parts_) part->act();
}

void AmqpApp::connect() {
  attached_ = over_ = false;
  ++device_.connection;
  link_ = std::make_unique<AmqpLink>(stage_, [this] { on_frames(); });
  device_.link = link_.get();
  // What it is still good for.
  device_.may_expire = !calm() && rng().one_in(6);
  const int64_t left_s = device_.may_expire ? rng().between(2, 20) : 7200;
  token_ends_s_ = stage_.now_s() + left_s;
  token_ends_us_ = now() + left_s * kS;
  link_->connect_as(stage_.device_token(device_.key, left_s - kTokenGraceS));
}

void AmqpApp::end() {
  for (const auto& part : parts_) part->on_lost();
  attached_ = false;
  device_.link = nullptr;
  link_.reset();
}

void AmqpApp::on_frames() {
  if (link_->client.take(wamqp::Code::kClose)) over_ = true;
  if (over_) return;
  if (!attached_) return on_token_reply();
  while (const auto message = link_->client.take_message()) {
    const bool known = std::ranges::any_of(parts_, [&](const auto& part) { return part->on_message(*message); });
    if (!known) fail("a message on a link that nobody has attached");
  }
  while (const auto frame = link_->client.take()) on_frame(*frame);
}

// The calendar may be set while a connection waits for its end, and the end takes its time to arrive.
void AmqpApp::check_token() {
  constexpr int64_t kSlackS = 10;
  if (stage_.now_s() > token_ends_s_ + kSlackS && now() > token_ends_us_ + kSlackS * kS && link_->is_served()) {
    fail("a connection outlived its token: " + device_.key.text());
  }
}

void AmqpApp::on_token_reply() {
  const auto taken = link_->token_reply();
  if (!taken) return;
  if (!*taken) {
    over_ = true;
    return;
  }
  link_->client.forget();
  for (const auto& part : parts_) part->attach();
  attached_ = true;
  stage_.sessions.on_connected(device_.key, [self = self_, connection = device_.connection] {
    if (*self == nullptr) return false;
    const AmqpApp& app = **self;
    return app.device_.connection == connection && app.attached_ && !app.over_ && app.link_->is_served();
  });
}

void AmqpApp::on_frame(const test::AmqpFrame& frame) {
  if (frame.code() == wamqp::Code::kDisposition) {
    const auto disposition = frame.as<wamqp::Disposition>();
    for (const auto& part : parts_) part->on_disposition(disposition);
  } else if (frame.code() == wamqp::Code::kDetach) {
    const auto handle = frame.as<wamqp::Detach>().handle;
    for (const auto& part : parts_) part->on_detach(handle);
    // Links of twins and methods do not go without the rest.
    if (handle < 10) over_ = true;
  }
}

}  // namespace nave::sim
