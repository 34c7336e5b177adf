#include "front/mqtt/c2d_topic.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "base/url.h"

namespace nave::front::mqtt {
namespace {

using hub::SystemProperty;

struct SystemKey {
  std::string_view encoded;
  SystemProperty property;
};

// §4.2, in the order in which the real hub was seen to send them. The first ones make sure that the bag begins with a
// "%24.", where Java looks for it. C compares the keys as text, so they are always spelled like this.
constexpr std::array<SystemKey, 8> kSystemKeys = {{
    {"%24.mid", SystemProperty::kMessageId},
    {"%24.to", SystemProperty::kTo},
    {"%24.cid", SystemProperty::kCorrelationId},
    {"%24.uid", SystemProperty::kUserId},
    {"%24.exp", SystemProperty::kAbsoluteExpiry},
    {"%24.ct", SystemProperty::kContentType},
    {"%24.ce", SystemProperty::kContentEncoding},
    {"iothub-ack", SystemProperty::kAck},
}};

// Names that Java's message class refuses as application properties, in any case. What begins with "iothub-" is
// reserved altogether.
constexpr std::array<std::string_view, 5> kReservedNames = {"message-id", "to", "absolute-expiry-time",
                                                            "correlation-id", "user-id"};
// C# parses the value into an enumeration.
constexpr std::array<std::string_view, 4> kAckValues = {"none", "positive", "negative", "full"};

// C# wants exactly seven digits of a second. Empty if the text is no time.
std::string expiry_text(std::string_view milliseconds) {
  int64_t ms = 0;
  const auto [end, error] = std::from_chars(milliseconds.data(), milliseconds.data() + milliseconds.size(), ms);
  if (error != std::errc{} || end != milliseconds.data() + milliseconds.size()) return {};
  return format_iso8601_fixed(from_unix_ms(ms));
}

std::string value_of(const SystemKey& key, const IdentityKey& to, const hub::EventView& message) {
  const std::string_view value = message.find(key.property).value_or(std::string_view{});
  switch (key.property) {
    case SystemProperty::kTo:
      return value.empty() ? "/devices/" + to.device + "/messages/devicebound" : std::string(value);
    case SystemProperty::kAbsoluteExpiry:
      return expiry_text(value);
    case SystemProperty::kAck:
      return std::ranges::count(kAckValues, value) > 0 ? std::string(value) : std::string();
    default:
      return std::string(value);
  }
}

bool is_reserved(std::string_view name) {
  if (name.starts_with("$.")) return true;  // clients would take it for the hub's own
  const std::string lower = to_lower(name);
  return lower.starts_with("iothub-") || std::ranges::count(kReservedNames, lower) > 0;
}

}  // namespace

void append_c2d_topic(std::string& out, const IdentityKey& to, const hub::EventView& message) {
  out += "devices/" + to.device + "/messages/devicebound/";
  bool first = true;
  const auto append = [&](std::string_view encoded_name, std::string_view value) {
    if (!std::exchange(first, false)) out += '&';
    out.append(encoded_name).append("=").append(percent_encode(value));
  };
  for (const SystemKey& key : kSystemKeys) {
    if (const std::string value = value_of(key, to, message); !value.empty()) append(key.encoded, value);
  }
  std::set<std::string_view> seen;
  for (const auto& [name, value] : message.application) {
    // Java throws on "name" and "name=", Node makes "undefined" of the first.
    if (name.empty() || !value || value->empty() || is_reserved(name)) continue;
    if (seen.insert(name).second) append(percent_encode(name), *value);
  }
}

}  // namespace nave::front::mqtt
