// The device side of reference/amqp.md §4–§6, as far as a simulated device needs it.
#include <stdexcept>

#include "app/client/amqp_client.h"
#include "app/simulate/device_client.h"
#include "base/url.h"
#include "wire/amqp/message.h"
#include "wire/amqp/message_writer.h"

namespace nave::app {
namespace {

namespace amqp = wire::amqp;

enum Handle : uint32_t { kTelemetry, kCommands, kTwinRequests, kTwinAnswers, kMethodResponses, kMethodRequests };
constexpr uint32_t kCredit = 50;
constexpr std::string_view kSubscribeId = "subscribe";
constexpr int kRefusedFrom = 300;

std::string twin_request(const char* operation, const char* resource, const std::string& id, std::string_view body) {
  std::string out;
  amqp::MessageWriter message(out);
  amqp::MapWriter annotations = message.message_annotations();
  annotations.string("operation", operation);
  annotations.string("resource", resource);
  annotations.end();
  amqp::Properties properties;
  const amqp::Value correlation = amqp::Value::of_string(id);
  properties.correlation_id = correlation.view();
  message.properties(properties);
  message.data(body);
  return out;
}

class AmqpDevice final : public DeviceClient {
 public:
  explicit AmqpDevice(const DeviceLogin& login)
      : client_(login.target, user_of(login), login.token), name_(login.device), module_(login.module) {
    const std::string base =
        "/devices/" + percent_encode(name_) + (module_.empty() ? "" : "/modules/" + percent_encode(module_));
    client_.attach_sender(kTelemetry, base + "/messages/events");
    client_.attach_receiver(kCommands, base + "/messages/deviceBound", "", kCredit, AmqpClient::Settling::kByReceiver);
    client_.attach_receiver(kTwinAnswers, base + "/twin", "", kCredit);
    client_.attach_sender(kTwinRequests, base + "/twin");
    client_.attach_receiver(kMethodRequests, base + "/methods/deviceBound", "", kCredit);
    client_.attach_sender(kMethodResponses, base + "/methods/deviceBound");
    client_.send(kTwinRequests,
                 twin_request("PUT", "/notifications/twin/properties/desired", std::string(kSubscribeId), " "));
  }

  void send_telemetry(const std::string& payload, const MessageProperties& properties) override {
    std::string out;
    amqp::MessageWriter message(out);
    amqp::MapWriter application = message.application_properties();
    for (const auto& [name, value] : properties) application.string(name, value);
    application.end();
    message.data(payload);
    client_.send(kTelemetry, out, AmqpClient::Settling::kByReceiver);
  }
  void report(const std::string& patch) override {
    client_.send(kTwinRequests,
                 twin_request("PATCH", "/properties/reported", "report " + std::to_string(++last_report_), patch));
  }
  void answer_method(const DeviceEvent& method, int status, const std::string& payload) override {
    std::string out;
    amqp::MessageWriter message(out);
    amqp::Properties properties;
    properties.correlation_id.type = amqp::Type::kUuid;
    properties.correlation_id.body = method.token;
    message.properties(properties);
    amqp::MapWriter application = message.application_properties();
    application.sint("IoThub-status", status);
    application.end();
    message.data(payload);
    client_.send(kMethodResponses, out);
  }
  void settle(const DeviceEvent& command, Settlement how) override {
    const auto delivery = static_cast<uint32_t>(std::stoul(command.token));
    switch (how) {
      case Settlement::kComplete:
        return client_.settle(delivery, amqp::Accepted{});
      case Settlement::kAbandon:
        return client_.settle(delivery, amqp::Released{});
      case Settlement::kReject:
        return client_.settle(delivery, amqp::Rejected{});
    }
  }
  void disconnect() override { client_.close(); }

  DeviceEvent next(int timeout_ms) override {
    DeviceEvent out;
    const AmqpEvent event = client_.next(timeout_ms);
    switch (event.kind) {
      case AmqpEvent::Kind::kTimeout:
        break;
      case AmqpEvent::Kind::kSettled:
        out.kind = event.error ? DeviceEvent::Kind::kTelemetryRefused : DeviceEvent::Kind::kTelemetryStored;
        out.count = event.count;
        if (event.error) out.payload = event.error->description.value_or(event.error->condition);
        break;
      case AmqpEvent::Kind::kDetached:
      case AmqpEvent::Kind::kClosed:
        out.kind = DeviceEvent::Kind::kClosed;
        out.payload = "the hub ended the link";
        if (event.error) out.payload += ": " + event.error->description.value_or(event.error->condition);
        break;
      case AmqpEvent::Kind::kMessage:
        read_message(event, out);
        break;
    }
    return out;
  }

 private:
  static std::string user_of(const DeviceLogin& login) {
    const std::string& host = login.host_name;
    return login.device + (login.module.empty() ? "" : "/modules/" + login.module) + "@sas." +
           host.substr(0, host.find('.'));
  }

  static void read_message(const AmqpEvent& event, DeviceEvent& out) {
    const auto message = amqp::MessageView::parse(event.message);
    const auto properties = message ? message->properties() : std::nullopt;
    if (!properties) throw std::runtime_error("the hub sent a malformed message");
    std::string scratch;
    out.payload = message->data(scratch);
    if (event.handle == kMethodRequests) {
      out.kind = DeviceEvent::Kind::kMethod;
      out.token = properties->correlation_id.body;
      out.name = amqp::find_entry(message->application_properties(), "IoThub-methodname").to_text().value_or("");
    } else if (event.handle == kCommands) {
      out.kind = DeviceEvent::Kind::kCommand;
      out.token = std::to_string(event.delivery);
      if (const auto id = properties->message_id.to_text()) out.properties.emplace_back("$.mid", *id);
      amqp::for_each_entry(message->application_properties(), [&](const amqp::Item& key, const amqp::Item& value) {
        out.properties.emplace_back(key.to_text().value_or(""), value.to_text().value_or(""));
        return true;
      });
    } else {
      read_twin_message(*message, properties->correlation_id.to_text(), out);
    }
  }

  static void read_twin_message(const amqp::MessageView& message, const std::optional<std::string>& id,
                                DeviceEvent& out) {
    if (!id) {
      out.kind = DeviceEvent::Kind::kDesiredChanged;
      return;
    }
    const bool refused =
        amqp::find_entry(message.message_annotations(), "status").as_int64().value_or(0) >= kRefusedFrom;
    if (refused && out.payload.empty()) out.payload = "without a word";
    if (!refused) out.payload.clear();
    if (*id != kSubscribeId || refused) out.kind = DeviceEvent::Kind::kReported;
  }

  AmqpClient client_;
  std::string name_, module_;
  uint64_t last_report_ = 0;
};

}  // namespace

std::unique_ptr<DeviceClient> make_amqp_device(const DeviceLogin& login) {
  return std::make_unique<AmqpDevice>(login);
}

}  // namespace nave::app
