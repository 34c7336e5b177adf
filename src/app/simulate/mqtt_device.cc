// The device side of reference/device-mqtt-https.md §2–§6, as far as a simulated device needs it.
#include <stdexcept>

#include "app/client/mqtt_client.h"
#include "app/simulate/device_client.h"
#include "base/url.h"

namespace nave::app {
namespace {

constexpr std::string_view kMethodTopic = "$iothub/methods/POST/";
constexpr std::string_view kDesiredTopic = "$iothub/twin/PATCH/properties/desired/";
constexpr std::string_view kTwinAnswerTopic = "$iothub/twin/res/";

std::string bag_of(const MessageProperties& properties) {
  std::string out;
  for (const auto& [name, value] : properties) {
    out += (out.empty() ? "" : "&") + percent_encode(name) + '=' + percent_encode(value);
  }
  return out;
}

MessageProperties parse_bag(std::string_view bag) {
  MessageProperties out;
  while (!bag.empty()) {
    const std::string_view pair = bag.substr(0, bag.find('&'));
    bag.remove_prefix(std::min(pair.size() + 1, bag.size()));
    const size_t equals = std::min(pair.find('='), pair.size());
    out.emplace_back(percent_decode(pair.substr(0, equals)),
                     percent_decode(pair.substr(std::min(equals + 1, pair.size()))));
  }
  return out;
}

class MqttDevice final : public DeviceClient {
 public:
  explicit MqttDevice(const DeviceLogin& login)
      : client_(login.target, mqtt_login(login)),
        base_("devices/" + login.device + (login.module.empty() ? "" : "/modules/" + login.module)) {
    if (login.module.empty()) client_.subscribe(base_ + "/messages/devicebound/#", 1);
    client_.subscribe(std::string(kTwinAnswerTopic) + "#", 0);
    client_.subscribe(std::string(kDesiredTopic) + "#", 0);
    last_setup_id_ = client_.subscribe(std::string(kMethodTopic) + "#", 0);
  }

  void send_telemetry(const std::string& payload, const MessageProperties& properties) override {
    client_.publish(base_ + "/messages/events/" + bag_of(properties), payload, 1);
  }
  void report(const std::string& patch) override {
    client_.publish("$iothub/twin/PATCH/properties/reported/?$rid=" + std::to_string(++last_request_), patch, 0);
  }
  void answer_method(const DeviceEvent& method, int status, const std::string& payload) override {
    client_.publish("$iothub/methods/res/" + std::to_string(status) + "/?$rid=" + method.token, payload, 0);
  }
  void settle(const DeviceEvent& command, Settlement /*how*/) override {
    client_.acknowledge(static_cast<uint16_t>(std::stoul(command.token)));
  }
  void disconnect() override { client_.disconnect(); }

  DeviceEvent next(int timeout_ms) override {
    DeviceEvent out;
    MqttEvent event = client_.next(timeout_ms);
    switch (event.kind) {
      case MqttEvent::Kind::kTimeout:
        break;
      case MqttEvent::Kind::kClosed:
        out.kind = DeviceEvent::Kind::kClosed;
        out.payload = "the hub closed the connection";
        break;
      case MqttEvent::Kind::kAcknowledged:
        // Answers to the subscriptions come before those to the first message.
        if (event.packet_id > last_setup_id_ || set_up_) out.kind = DeviceEvent::Kind::kTelemetryStored;
        if (event.packet_id == last_setup_id_) set_up_ = true;
        break;
      case MqttEvent::Kind::kMessage:
        read_message(event, out);
        break;
    }
    return out;
  }

 private:
  static MqttLogin mqtt_login(const DeviceLogin& login) {
    const std::string id = login.module.empty() ? login.device : login.device + '/' + login.module;
    return {.client_id = id,
            .username = login.host_name + '/' + id + "/?api-version=2021-04-12&DeviceClientType=nave%20simulate",
            .password = login.token};
  }

  void read_message(MqttEvent& event, DeviceEvent& out) const {
    const std::string_view topic = event.topic;
    out.payload = std::move(event.payload);
    if (topic.starts_with(kMethodTopic)) {
      const size_t slash = topic.find('/', kMethodTopic.size());
      const size_t id = topic.find("$rid=");
      if (slash == std::string_view::npos || id == std::string_view::npos)
        throw std::runtime_error("the hub called a method without a name or a number");
      out.kind = DeviceEvent::Kind::kMethod;
      out.name = topic.substr(kMethodTopic.size(), slash - kMethodTopic.size());
      out.token = topic.substr(id + 5);
    } else if (topic.starts_with(kDesiredTopic)) {
      out.kind = DeviceEvent::Kind::kDesiredChanged;
    } else if (topic.starts_with(kTwinAnswerTopic)) {
      out.kind = DeviceEvent::Kind::kReported;
      if (topic.substr(kTwinAnswerTopic.size(), 1) == "2") out.payload.clear();
    } else {
      out.kind = DeviceEvent::Kind::kCommand;
      out.token = std::to_string(event.packet_id);
      out.properties = parse_bag(topic.substr(std::min(topic.size(), (base_ + "/messages/devicebound/").size())));
    }
  }

  MqttClient client_;
  std::string base_;
  uint64_t last_request_ = 0;
  uint16_t last_setup_id_ = 0;
  bool set_up_ = false;
};

}  // namespace

std::unique_ptr<DeviceClient> make_mqtt_device(const DeviceLogin& login) {
  return std::make_unique<MqttDevice>(login);
}

}  // namespace nave::app
