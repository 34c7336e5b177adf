#include "front/mqtt/property_bag.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/url.h"
#include "front/mqtt/text.h"

namespace nave::front::mqtt {
namespace {

using hub::ApplicationProperty;
using hub::EventView;
using hub::SystemProperty;

struct SystemKey {
  std::string_view wire;
  SystemProperty property;
};

// §3.3. `$.cdid` and `$.cmid` are claims about the connection, which the hub overrides.
constexpr std::array<SystemKey, 18> kSystemKeys = {{
    {"$.mid", SystemProperty::kMessageId},
    {"$.ct", SystemProperty::kContentType},
    {"$.ce", SystemProperty::kContentEncoding},
    {"$.cid", SystemProperty::kCorrelationId},
    {"$.uid", SystemProperty::kUserId},
    {"$.to", SystemProperty::kTo},
    {"$.exp", SystemProperty::kAbsoluteExpiry},
    {"$.ctime", SystemProperty::kCreationTimeUtc},
    {"$.on", SystemProperty::kOutputName},
    {"$.ifid", SystemProperty::kInterfaceId},
    {"$.sub", SystemProperty::kComponent},
    {"$.schema", SystemProperty::kMessageSchema},
    {"$.diagid", SystemProperty::kDiagnosticId},
    {"$.diagctx", SystemProperty::kCorrelationContext},
    {"$.cdid", SystemProperty::kConnectionDeviceId},
    {"$.cmid", SystemProperty::kConnectionModuleId},
    {"iothub-operation", SystemProperty::kOperation},
    {"iothub-ack", SystemProperty::kAck},
}};

constexpr std::string_view kExpiryKey = "$.exp";

std::optional<SystemProperty> system_property(std::string_view name) {
  if (!name.starts_with("$.") && !name.starts_with("iothub-")) return {};
  const auto* const key = std::ranges::find(kSystemKeys, name, &SystemKey::wire);
  if (key == kSystemKeys.end()) return {};
  return key->property;
}

}  // namespace

void PropertyBagDecoder::decode(std::string_view bag, EventView& event) {
  collector_.begin(event);
  arena_.clear();
  arena_.reserve(bag.size());
  while (!bag.empty()) add_pair(take_until(bag, "&"));
  // The hub keeps the expiry as a number.
  collector_.convert_expiry(kExpiryKey);
  collector_.finish();
}

void PropertyBagDecoder::add_pair(std::string_view pair) {
  if (pair.empty()) return;
  const size_t equals = pair.find('=');
  const std::string_view name = decode_component(pair.substr(0, equals));
  std::optional<std::string_view> value;
  if (equals != std::string_view::npos) value = decode_component(pair.substr(equals + 1));
  if (const auto system = system_property(name)) {
    collector_.set(*system, value);
  } else {
    collector_.add(name, value);
  }
}

// As decode_text(), but into the arena, and without a copy where nothing is encoded.
std::string_view PropertyBagDecoder::decode_component(std::string_view text) {
  if (text.find('%') == std::string_view::npos) return text;
  const size_t start = arena_.size();
  percent_decode_append(arena_, text);
  const std::string_view decoded = std::string_view(arena_).substr(start);
  if (is_valid_utf8(decoded)) return decoded;
  arena_.resize(start);
  return text;
}

void set_application_property(EventView& event, std::string_view name, std::string_view value) {
  const auto found = std::ranges::find(event.application, name, &ApplicationProperty::name);
  if (found != event.application.end()) {
    found->value = value;
  } else {
    event.application.push_back({name, value});
  }
}

}  // namespace nave::front::mqtt
