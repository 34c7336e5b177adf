#include "sim/actors/event_reader.h"

namespace nave::sim {

namespace wamqp = wire::amqp;

std::string EventReader::waits_for() const {
  for (uint16_t p = 0; p < next_.size(); ++p) {
    const int64_t end = stage_.telemetry.stored(PartitionId{p});
    if (next_[p] != end) {
      return "event " + std::to_string(next_[p]) + " of " + std::to_string(end) + " in partition " + std::to_string(p);
    }
  }
  return "";
}

void EventReader::act() {
  if (link_ && (link_->is_gone() || refused_)) link_.reset();
  if (!link_) return connect();
  if (!attached_ || calm()) return;
  if (rng().one_in(60)) return link_->vanish();
  if (rng().one_in(60)) return link_.reset();
  if (rng().one_in(40)) {
    link_->stall(true);
    after(rng().between(1, 2000) * kMs, [this] {
      if (link_) link_->stall(false);
    });
  }
}

void EventReader::connect() {
  attached_ = refused_ = false;
  link_ = std::make_unique<AmqpLink>(stage_, [this] { on_frames(); });
  link_->client.plain("owner@sas.root." + stage_.info.name(), stage_.policy_token());
}

void EventReader::attach_all() {
  auto& client = link_->client;
  client.connect();
  deliveries_.assign(next_.size(), 0);
  credit_.assign(next_.size(), 0);
  for (uint16_t p = 0; p < next_.size(); ++p) {
    const std::string name = stage_.info.name() + "/ConsumerGroups/$Default/Partitions/" + std::to_string(p);
    wamqp::Attach v = test::AmqpClient::receiver(p, "rx" + std::to_string(p), name);
    const wamqp::Value filter = wamqp::Value::of_symbol("apache.org:selector-filter:string");
    const std::string selector = "amqp.annotation.x-opt-offset > '" + std::to_string(next_[p] - 1) + "'";
    v.source->filter =
        wamqp::Value::map().add(filter, wamqp::Value::described(filter, wamqp::Value::of_string(selector)));
    client.attach(0, v);
    give_credit(p);
  }
  attached_ = true;
}

void EventReader::give_credit(uint16_t partition) {
  const auto n = static_cast<uint32_t>(rng().between(1, 60));
  credit_[partition] = n;
  link_->client.credit(0, partition, n, deliveries_[partition]);
}

void EventReader::on_frames() {
  auto& client = link_->client;
  if (!attached_) {
    if (client.take(wamqp::Code::kSaslOutcome)) attach_all();
    return;
  }
  while (const auto message = client.take_message()) on_event(*message);
  // Too many receivers, those of lost connections included, or the hub does not know them any more.
  if (client.take(wamqp::Code::kDetach)) refused_ = true;
  client.forget();
}

void EventReader::on_event(const test::AmqpMessage& message) {
  const auto partition = static_cast<uint16_t>(message.handle);
  const auto view = message.view();
  std::string scratch;
  const std::string_view body = view.data(scratch);
  const int64_t offset = wamqp::find_entry(view.message_annotations(), "x-opt-sequence-number").as_int64().value_or(-1);
  const auto device = wamqp::find_entry(view.message_annotations(), "iothub-connection-device-id").as_text();
  stage_.scheduler.note("read", partition, static_cast<uint64_t>(offset));
  if (partition >= next_.size() || offset != next_[partition]) return fail("a reader missed an event or got it twice");
  ++next_[partition];
  stage_.telemetry.on_read(PartitionId{partition}, offset, body, device.value_or(""));
  ++deliveries_[partition];
  if (--credit_[partition] == 0) give_credit(partition);
}

}  // namespace nave::sim
