// One device-to-cloud event between the moment a front has understood it and the moment a reader gets it, and the bytes
// it has in the event log (docs/formats/event-record.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nave::hub {

// Numbers are on disk: never reuse one.
enum class SystemProperty : uint8_t {
  kMessageId = 1,
  kCorrelationId = 2,
  kUserId = 3,
  kTo = 4,
  kContentType = 5,
  kContentEncoding = 6,
  kAbsoluteExpiry = 7,   // milliseconds since 1970, decimal text
  kCreationTimeUtc = 8,  // as the device sent it
  kOutputName = 9,
  kInterfaceId = 10,
  kComponent = 11,  // dt-subject
  kMessageSchema = 12,
  kModelId = 13,  // dt-dataschema, from the connection
  kDiagnosticId = 14,
  kCorrelationContext = 15,
  kConnectionDeviceId = 16,
  kConnectionModuleId = 17,
  kAuthMethod = 18,  // the JSON text
  kAuthGenerationId = 19,
  kMessageSource = 20,  // "Telemetry", …
  kOperation = 21,      // iothub-operation
  kAck = 22,            // iothub-ack
};

// 16–20: what only the hub may say about a message. A device that sends one of these names is not believed.
[[nodiscard]] bool is_hub_stamp(SystemProperty name);

struct SystemPropertyValue {
  SystemProperty name;
  std::string_view value;
};

// `value` nullopt is a null value: MQTT's key without '='.
struct ApplicationProperty {
  std::string_view name;
  std::optional<std::string_view> value;
};

// Views only: whoever fills it keeps the bytes alive.
struct EventView {
  std::vector<SystemPropertyValue> system;
  std::vector<ApplicationProperty> application;
  std::string_view body;

  [[nodiscard]] std::optional<std::string_view> find(SystemProperty name) const;
  void clear();
};

// Body + values of system properties + names and values of application properties: what the 256 KB limit counts
// (reference/device-mqtt-https.md §3.5). Properties that the hub stamps itself (16–20) do not count.
[[nodiscard]] size_t metered_size(const EventView& event);

// Appends the record to `out`.
void encode_event(const EventView& event, std::string& out);
// Replaces `event` by views into `bytes`. False if `bytes` is not exactly one record of a version we know; `event` then
// holds nothing of use.
[[nodiscard]] bool decode_event(std::string_view bytes, EventView& event);

}  // namespace nave::hub
