#include "sim/actors/mqtt_device.h"

#include <algorithm>
#include <charconv>

#include "unit/wire/mqtt/client_packets.h"

namespace nave::sim {
namespace {

// The number behind `name` in a topic.
uint64_t topic_number(std::string_view topic, std::string_view name) {
  const size_t at = topic.find(name);
  uint64_t out = 0;
  if (at != std::string_view::npos) {
    std::from_chars(topic.data() + at + name.size(), topic.data() + topic.size(), out);
  }
  return out;
}

}  // namespace

std::string MqttDevice::waits_for() const {
  const MqttLink* const link = ready();
  if (!stable_) return "";
  if (link == nullptr) return "a connection of " + key_.text();
  if (owed_ > 0 || link->unacknowledged() > 0) return std::to_string(owed_) + " acknowledgements of " + key_.text();
  if (!link->desired.read || !requests_.empty()) return "the twin of " + key_.text();
  return link->desired.subscriptions == 2 ? "" : "subscriptions of " + key_.text();
}

void MqttDevice::check() {
  if (!stable_) return;
  if (newest()->desired.version != stage_.twins.version(key_, TwinLedger::Part::kDesired)) {
    fail("the last desired change did not reach " + key_.text());
  }
}

void MqttDevice::act() {
  std::erase_if(links_, [](const auto& link) { return link->is_gone(); });
  std::erase_if(requests_, [this](const auto& request) {
    return std::ranges::none_of(links_, [&](const auto& link) { return link->number() == request.second.link; });
  });
  if (links_.empty()) {
    if (calm() || rng().one_in(3)) connect();
    return;
  }
  if (ready() == nullptr) return;
  if (!calm() && rng().one_in(25)) return mischief();
  work();
}

void MqttDevice::connect() {
  Owner& owner = *this;
  links_.push_back(std::make_unique<MqttLink>(stage_, owner, key_, rng().one_in(2)));
}

void MqttDevice::mischief() {
  MqttLink& link = *newest();
  switch (rng().below(6)) {
    case 0:
      return link.disconnect();
    case 1:
      return link.close();
    case 2:
      return link.vanish();
    case 3:
      return connect();  // beside the other one, which has to go
    case 4:
      return link.send(test::pingreq_packet());
    default:
      link.stall(true);
      after(rng().between(1, 3000) * kMs, [this] {
        for (const auto& l : links_) l->stall(false);
      });
  }
}

void MqttDevice::work() {
  MqttLink& link = *newest();
  if (calm()) {
    for (; owed_ > link.unacknowledged();) link.publish_telemetry(true);
    if (!link.desired.read && requests_.empty()) read_twin();
    return;
  }
  const uint64_t choice = rng().below(10);
  if (choice < 5) {
    for (uint64_t n = 1 + rng().below(6); n > 0; --n) {
      const bool with_ack = !rng().one_in(8);
      if (with_ack) ++owed_;
      link.publish_telemetry(with_ack);
    }
  } else if (choice < 7) {
    report();
  } else if (choice == 7) {
    read_twin();
  }
}

void MqttDevice::on_open(MqttLink& link) {
  std::vector<std::pair<std::string, uint8_t>> filters{{"$iothub/twin/res/#", 0}, {"$iothub/methods/POST/#", 0}};
  if (calm() || !rng().one_in(4)) filters.push_back(c2d_.subscription());
  link.subscribe(filters);
  // Node reads the twin first, and subscribes to changes when it has it; others do it the other way round.
  if (stable_ && rng().one_in(2)) return read_twin();
  subscribe_to_changes(link);
  read_twin();
}

void MqttDevice::subscribe_to_changes(MqttLink& link) {
  link.desired.asked = true;
  link.subscribe({{"$iothub/twin/PATCH/properties/desired/#", uint8_t{0}}});
}

void MqttDevice::read_twin() {
  if (!stable_ || ready() == nullptr) return;
  requests_[++last_request_] = {newest()->number(), 0, stage_.twins.floor(key_, TwinLedger::Part::kDesired),
                                stage_.twins.floor(key_, TwinLedger::Part::kReported)};
  newest()->publish("$iothub/twin/GET/?$rid=" + std::to_string(last_request_), "");
}

void MqttDevice::report() {
  if (!stable_) return;
  const uint64_t write = stage_.twins.begin_write();
  requests_[++last_request_] = {newest()->number(), write, 0, 0};
  newest()->publish("$iothub/twin/PATCH/properties/reported/?$rid=" + std::to_string(last_request_),
                    TwinLedger::patch_text(write));
}

void MqttDevice::on_message(MqttLink& link, std::string_view topic, std::string_view payload) {
  if (topic.starts_with("$iothub/twin/res/")) return on_twin_response(link, topic, payload);
  if (topic.starts_with("$iothub/twin/PATCH/")) return on_desired(link, topic, payload);
  if (topic.starts_with("$iothub/methods/POST/")) return on_method(link, topic, payload);
  if (MqttC2d::is_topic(topic)) return (void)c2d_.on_message(link, payload, calm());
  fail("a message on an unknown topic");
}

void MqttDevice::on_message(MqttLink& link, std::string_view topic, std::string_view payload, uint16_t packet_id) {
  if (!MqttC2d::is_topic(topic)) return fail("a message with QoS 1 on an unknown topic");
  const int64_t delay_us = c2d_.on_message(link, payload, calm());
  if (delay_us < 0) return;
  after(delay_us, [this, packet_id, body = std::string(payload), from = link.number()] {
    for (const auto& l : links_) {
      if (l->number() == from && l->is_open()) c2d_.acknowledge(*l, packet_id, body);
    }
  });
}

void MqttDevice::on_twin_response(MqttLink& link, std::string_view topic, std::string_view payload) {
  using Part = TwinLedger::Part;
  const auto node = requests_.extract(topic_number(topic, "$rid="));
  if (node.empty() || node.mapped().link != link.number()) return fail("a twin response that nobody asked for");
  const Request& request = node.mapped();
  const uint64_t status = topic_number(topic, "/res/");
  if (request.write != 0) {
    if (status == 204) {
      stage_.twins.on_acknowledged(key_, Part::kReported, topic_number(topic, "$version="), request.write);
    }
    return;
  }
  if (status != 200) return;
  const std::string_view desired = json_member(payload, "desired");
  const std::string_view reported = json_member(payload, "reported");
  const uint64_t version = json_number(desired, "$version").value_or(0);
  stage_.twins.on_read(key_, Part::kDesired, version, request.desired_floor, desired);
  stage_.twins.on_read(key_, Part::kReported, json_number(reported, "$version").value_or(0), request.reported_floor,
                       reported);
  stage_.scheduler.expect(version >= link.desired.version, "a twin was read that is older than what was announced");
  link.desired.read = true;
  link.desired.version = version;
  if (link.desired.asked) return;
  after(rng().between(0, 300) * kMs, [this, number = link.number()] {
    for (const auto& l : links_) {
      if (l->number() == number && l->is_open() && !l->desired.asked) subscribe_to_changes(*l);
    }
  });
}

// After the twin was read nothing is left out, whether the subscription came before or after.
void MqttDevice::on_desired(MqttLink& link, std::string_view topic, std::string_view payload) {
  const uint64_t version = topic_number(topic, "$version=");
  stage_.scheduler.note("desired " + key_.text(), version);
  if (!stable_) return;
  MqttLink::Desired& known = link.desired;
  if (version <= known.version) return fail("a desired change came twice or late to " + key_.text());
  if (known.version != 0 && version != known.version + 1) fail("a desired change was left out for " + key_.text());
  known.version = version;
  stage_.twins.on_read(key_, TwinLedger::Part::kDesired, version, 0, payload);
}

void MqttDevice::on_method(MqttLink& link, std::string_view topic, std::string_view payload) {
  const uint64_t call = json_number(payload, "call").value_or(~uint64_t{0});
  stage_.methods.on_delivered(call, key_.text());
  if (!calm() && rng().one_in(8)) return;  // never answered
  const std::string response =
      "$iothub/methods/res/" + std::to_string(200) + "/?$rid=" + std::to_string(topic_number(topic, "$rid="));
  const int64_t delay = rng().one_in(10) ? rng().between(1, 12) * kS : rng().between(0, 50) * kMs;
  const bool twice = rng().one_in(6);
  after(delay, [this, response, call, twice, to = link.number()] {
    for (const auto& l : links_) {
      if (l->number() != to || !l->is_open()) continue;
      for (int i = 0; i <= (twice ? 1 : 0); ++i) l->publish(response, MethodLedger::answer_to(call));
    }
  });
}

}  // namespace nave::sim
