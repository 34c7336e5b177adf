// Telemetry over HTTPS from any bytes: a batch document, and a single message whose header lines and body they are.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "front/http/telemetry_request.h"
#include "hub/telemetry/event.h"

namespace {

using namespace nave;

void check_record(const hub::EventView& event) {
  std::string record;
  hub::encode_event(event, record);
  hub::EventView read;
  NAVE_CHECK(hub::decode_event(record, read) && read.body == event.body, "what was read can be stored");
}

// "name:value" lines up to an empty one, then the body.
net::HttpRequest request_of(std::string_view text) {
  net::HttpRequest request;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) break;
    const size_t colon = std::min(line.find(':'), line.size());
    request.headers.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 1, line.size())));
  }
  request.body = text;
  return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  front::http::TelemetryRequestReader reader;
  hub::EventView event;
  if (const auto items = front::http::parse_telemetry_batch(text)) {
    for (const json::Value& item : *items) {
      if (reader.read_item(item, event)) check_record(event);
    }
  }
  const net::HttpRequest request = request_of(text);
  if (!front::http::is_telemetry_batch(request) && reader.read_single(request, event)) check_record(event);
  return 0;
}
