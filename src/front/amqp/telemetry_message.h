// AMQP messages as events of the hub: which section, property and annotation is what (reference/amqp.md §4.1).
#pragma once

#include <string>

#include "base/bytes.h"
#include "hub/errors.h"
#include "hub/telemetry/property_collector.h"
#include "wire/amqp/message.h"

namespace nave::front::amqp {

// Reads messages, one after the other. Not thread-safe: one per shard.
class TelemetryMessageReader {
 public:
  // Replaces `event` by views into `encoded` and into this object, valid until the next read(). Fails, with words for
  // the peer, if the bytes are no message, or hold something that an event cannot: text that is not UTF-8, a property
  // that is no scalar, a body that is neither binary nor text.
  [[nodiscard]] hub::HubResult<void> read(ByteView encoded, hub::EventView& event);

 private:
  [[nodiscard]] bool read_properties(const wire::amqp::MessageView& message);
  [[nodiscard]] bool read_application(const wire::amqp::Item& map);
  [[nodiscard]] bool read_annotations(const wire::amqp::Item& map);
  [[nodiscard]] bool set_text(hub::SystemProperty name, std::optional<std::string_view> text);
  [[nodiscard]] bool set_item(hub::SystemProperty name, const wire::amqp::Item& item);
  // A scalar as text; nullopt for what has no text.
  [[nodiscard]] std::optional<std::string_view> text_of(const wire::amqp::Item& item);

  hub::PropertyCollector collector_;
  std::string body_;  // of several Data sections
};

}  // namespace nave::front::amqp
