#include "sim/actors/amqp_device.h"

#include "wire/amqp/message_writer.h"

namespace nave::sim {

namespace wamqp = wire::amqp;

namespace {

constexpr uint32_t kLinkHandle = 2;
constexpr uint32_t kBatchFormat = 0x80013700;

std::string data_message(std::string_view body) {
  std::string out;
  wamqp::MessageWriter(out).data(body);
  return out;
}

}  // namespace

void AmqpDevice::act() {
  if (link_ && (link_->is_gone() || over_)) end();
  if (!link_) {
    if (!calm() && rng().one_in(4)) connect();
    return;
  }
  if (calm() || state_ != State::kAttached) return;
  if (rng().one_in(40)) {
    link_->vanish();
  } else if (rng().one_in(40)) {
    end();
  } else if (rng().one_in(60)) {
    link_->client.detach(0, kLinkHandle);
  } else {
    send_messages();
  }
}

void AmqpDevice::end() {
  link_.reset();
  unsettled_.clear();
}

void AmqpDevice::connect() {
  state_ = State::kPuttingToken;
  over_ = false;
  credit_ = 0;
  ++connections_;
  stream_ = stage_.telemetry.new_stream(key_.device, false);
  link_ = std::make_unique<AmqpLink>(stage_, [this] { on_frames(); });
  link_->connect_as(stage_.device_token(key_));
}

void AmqpDevice::on_frames() {
  if (link_->client.take(wamqp::Code::kClose)) over_ = true;
  if (over_) return;
  if (state_ == State::kPuttingToken) on_token_reply();
  if (state_ == State::kAttaching) on_attach_reply();
  if (state_ == State::kAttached) on_dispositions();
}

void AmqpDevice::on_token_reply() {
  auto& client = link_->client;
  const auto taken = link_->token_reply();
  if (!taken) return;
  if (!*taken) {
    over_ = true;
    return;
  }
  client.forget();
  client.attach(0, test::AmqpClient::sender(kLinkHandle, "telemetry", "/devices/" + key_.device + "/messages/events"));
  state_ = State::kAttaching;
}

void AmqpDevice::on_attach_reply() {
  auto& client = link_->client;
  if (client.take(wamqp::Code::kDetach)) {
    over_ = true;
  } else if (const auto flow = client.take(wamqp::Code::kFlow)) {
    credit_ = flow->as<wamqp::Flow>().link_credit.value_or(0);
    state_ = State::kAttached;
    stage_.sessions.on_connected(key_, [self = self_, connection = connections_] {
      return *self != nullptr && (*self)->connections_ == connection && (*self)->is_live() && !(*self)->over_;
    });
  }
}

void AmqpDevice::on_dispositions() {
  auto& client = link_->client;
  while (const auto frame = client.take(wamqp::Code::kDisposition)) {
    const auto d = frame->as<wamqp::Disposition>();
    const bool accepted = std::holds_alternative<wamqp::Accepted>(wamqp::decode_outcome(d.state));
    for (uint32_t id = d.first; id <= d.last.value_or(d.first); ++id) {
      const auto node = unsettled_.extract(id);
      if (node.empty()) {
        fail("a disposition for a delivery that was settled, or never sent");
        continue;
      }
      if (!accepted) continue;
      for (const std::string& body : node.mapped()) stage_.telemetry.on_acknowledged(body);
    }
  }
  if (client.take(wamqp::Code::kDetach)) over_ = true;
  while (const auto flow = client.take(wamqp::Code::kFlow)) {
    const auto f = flow->as<wamqp::Flow>();
    if (f.handle == kLinkHandle || f.link_credit.value_or(0) > 0) credit_ = f.link_credit.value_or(credit_);
  }
}

void AmqpDevice::send_messages() {
  if (unsettled_.size() > 200) return;
  auto& client = link_->client;
  for (uint64_t n = 1 + rng().below(4); n > 0; --n) {
    std::vector<std::string> bodies;
    std::string bytes;
    const bool batch = rng().one_in(3);
    for (uint64_t k = batch ? 1 + rng().below(5) : 1; k > 0; --k) {
      bodies.push_back(stage_.telemetry.next_body(stream_));
      bytes += batch ? data_message(data_message(bodies.back())) : data_message(bodies.back());
    }
    client.transfer(0, kLinkHandle, bytes, "t" + std::to_string(connections_), false, batch ? kBatchFormat : 0);
    unsettled_.emplace(client.last_delivery(), std::move(bodies));
  }
}

}  // namespace nave::sim
