// Telemetry as it comes over HTTPS: one message in headers and body (reference/device-mqtt-https.md §8.4), or many in a
// JSON document (§8.5). Property names are those of the headers in both.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hub/errors.h"
#include "hub/telemetry/property_collector.h"
#include "json/value.h"
#include "net/http.h"

namespace nave::front::http {

// By its Content-Type.
[[nodiscard]] bool is_telemetry_batch(const net::HttpRequest& request);
// The messages of a batch, each for read_item(). Fails if there are too many, or the body is no JSON array.
[[nodiscard]] hub::HubResult<json::Array> parse_telemetry_batch(std::string_view body);

// Reads messages, one after the other. Not thread-safe: one per shard.
class TelemetryRequestReader {
 public:
  // Both replace `event` by views into what they are given and into this object, valid until the next call.
  [[nodiscard]] hub::HubResult<void> read_single(const net::HttpRequest& request, hub::EventView& event);
  [[nodiscard]] hub::HubResult<void> read_item(const json::Value& item, hub::EventView& event);

 private:
  [[nodiscard]] bool take(std::string_view header, std::optional<std::string_view> value);
  [[nodiscard]] bool read_body(const json::Object& item, hub::EventView& event);
  [[nodiscard]] bool read_properties(const json::Object& item);
  void finish();

  hub::PropertyCollector collector_;
  std::string body_;  // decoded from base64
};

}  // namespace nave::front::http
