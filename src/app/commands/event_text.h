// An event as `nave monitor` shows it, in the shape of `az iot hub monitor-events`.
#pragma once

#include <optional>
#include <string>

#include "json/value.h"
#include "wire/amqp/message.h"

namespace nave::app {

struct ShownEvent {
  std::string device;
  json::Value document;  // {"event": {"origin", "module", "interface", "component", "payload"[, "properties", …]}}
  std::string payload;   // one line of text
};

// nullopt if `message` is not an event.
[[nodiscard]] std::optional<ShownEvent> show_event(const std::string& message, bool with_properties);

}  // namespace nave::app
