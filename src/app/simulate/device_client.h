// A device as `nave device simulate` plays it, whatever protocol it speaks.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/client/tls_stream.h"

namespace nave::app {

using MessageProperties = std::vector<std::pair<std::string, std::string>>;

// What reached the device.
struct DeviceEvent {
  enum class Kind : uint8_t {
    kTimeout,
    kTelemetryStored,  // `count` messages
    kTelemetryRefused,
    kCommand,         // a cloud-to-device message; to be settled with `token`
    kMethod,          // to be answered with `token`
    kDesiredChanged,  // `payload` is the patch
    kReported,        // the hub has taken what was reported, or says in `payload` why not
    kClosed,
  };
  Kind kind = Kind::kTimeout;
  uint32_t count = 1;
  std::string token;
  std::string name;     // of the method
  std::string payload;  // why, with kTelemetryRefused and kClosed
  MessageProperties properties;
};

enum class Settlement : uint8_t { kComplete, kAbandon, kReject };

class DeviceClient {
 public:
  virtual ~DeviceClient() = default;

  // Throws std::runtime_error when the connection breaks, as everything here does.
  virtual void send_telemetry(const std::string& payload, const MessageProperties& properties) = 0;
  virtual void report(const std::string& patch) = 0;
  virtual void answer_method(const DeviceEvent& method, int status, const std::string& payload) = 0;
  // What the protocol cannot say is done as well as it can: MQTT knows no abandon and no reject.
  virtual void settle(const DeviceEvent& command, Settlement how) = 0;
  virtual void disconnect() = 0;
  // Waits for at most `timeout_ms`.
  [[nodiscard]] virtual DeviceEvent next(int timeout_ms) = 0;
};

struct DeviceLogin {
  ClientTarget target;
  std::string host_name;
  std::string device, module;  // empty module: the device itself
  std::string token;           // a shared access signature
};

// Connected, with subscriptions or links for commands, methods and desired properties. Throws std::runtime_error.
[[nodiscard]] std::unique_ptr<DeviceClient> make_mqtt_device(const DeviceLogin& login);
[[nodiscard]] std::unique_ptr<DeviceClient> make_amqp_device(const DeviceLogin& login);

}  // namespace nave::app
