#include "hub/c2d/rules.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string>

#include "base/limits.h"
#include "base/url.h"

namespace nave::hub {
namespace {

constexpr int64_t kLastMs = 253'402'300'799'999;  // the end of the year 9999, where .NET's calendar ends

HubResult<UtcTime> expiry_of(const EventView& message, UtcTime now, int64_t ttl_ms) {
  const auto given = message.find(SystemProperty::kAbsoluteExpiry);
  if (!given) return now + std::chrono::milliseconds(ttl_ms);
  int64_t ms = 0;
  const auto [end, error] = std::from_chars(given->data(), given->data() + given->size(), ms);
  const bool is_number = error == std::errc() && end == given->data() + given->size();
  if (!is_number || ms > kLastMs || ms <= unix_ms(now)) return fail(Error(ErrorCode::kInvalidMessageExpiryTime));
  return from_unix_ms(ms);
}

HubResult<AckRequest> ack_of(const EventView& message) {
  const auto given = message.find(SystemProperty::kAck);
  if (!given) return AckRequest::kNone;
  if (const auto ack = parse_ack(*given)) return *ack;
  return fail(Error(ErrorCode::kArgumentInvalid, "The ack must be none, positive, negative or full"));
}

// What fits into a header of HTTP, over which any device may ask for the message (reference/device-mqtt-https.md
// §11.4).
bool is_property_char(char c) {
  const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  return alphanumeric || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool has_fit_properties(const EventView& message) {
  return std::ranges::all_of(message.application, [](const ApplicationProperty& p) {
    return std::ranges::all_of(p.name, is_property_char) && std::ranges::all_of(p.value.value_or(""), is_property_char);
  });
}

std::string own_address(const IdentityKey& key) {
  std::string out = "/devices/" + percent_encode(key.device);
  if (key.is_module()) out += "/modules/" + percent_encode(key.module);
  return out + "/messages/devicebound";
}

// MQTT devices need `to` and the exact spelling of ack (reference/device-mqtt-https.md §4.3, rules 1 and 9).
std::string record_of(const IdentityKey& key, const EventView& message, AckRequest ack) {
  const std::string own = own_address(key);
  EventView kept;
  kept.application = message.application;
  kept.body = message.body;
  if (!message.find(SystemProperty::kTo)) kept.system.push_back({SystemProperty::kTo, own});
  for (const SystemPropertyValue& p : message.system) {
    if (is_hub_stamp(p.name)) continue;
    kept.system.push_back(p.name == SystemProperty::kAck ? SystemPropertyValue{p.name, name_of(ack)} : p);
  }
  std::string out;
  encode_event(kept, out);
  return out;
}

}  // namespace

HubResult<CommandWrite> accept_message(const IdentityKey& key, const EventView& message, UtcTime now, int64_t ttl_ms) {
  if (metered_size(message) > limits::kC2dMessageBytesMax) return fail(Error(ErrorCode::kMessageTooLarge));
  const std::string_view id = message.find(SystemProperty::kMessageId).value_or("");
  if (id.size() > limits::kC2dMessageIdBytesMax) {
    return fail(Error(ErrorCode::kArgumentInvalid, "The message id is longer than 128 characters"));
  }
  const auto expires = expiry_of(message, now, ttl_ms);
  if (!expires) return fail(expires.error());
  if (!has_fit_properties(message))
    return fail(Error(ErrorCode::kArgumentInvalid,
                      "Names and values of properties may hold ASCII letters, digits and !#$%&'*+-.^_`|~ only"));
  const auto ack = ack_of(message);
  if (!ack) return fail(ack.error());
  CommandWrite out;
  out.key = key;
  out.head = {.enqueued = now, .expires = *expires, .ack = *ack, .message_id = {}};
  if (*ack != AckRequest::kNone) out.head.message_id = id;
  out.record = record_of(key, message, *ack);
  return out;
}

}  // namespace nave::hub
