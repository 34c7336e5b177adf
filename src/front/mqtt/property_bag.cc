#include "front/mqtt/property_bag.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <optional>

#include "base/time.h"
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
constexpr size_t kExpiryDigitsMax = 24;
// Up to this many properties duplicates are found by looking at all; beyond it, by sorting once at the end, so that a
// hostile bag of ten thousand names does not cost their square.
constexpr size_t kLinearSearchMax = 16;

std::optional<SystemProperty> system_property(std::string_view name) {
  if (!name.starts_with("$.") && !name.starts_with("iothub-")) return {};
  const auto* const key = std::ranges::find(kSystemKeys, name, &SystemKey::wire);
  if (key == kSystemKeys.end()) return {};
  return key->property;
}

// A null takes the property away: a system property is there with a value, or not there.
void set_system(EventView& event, SystemProperty name, std::optional<std::string_view> value) {
  const auto found = std::ranges::find(event.system, name, &hub::SystemPropertyValue::name);
  if (!value) {
    if (found != event.system.end()) event.system.erase(found);
  } else if (found != event.system.end()) {
    found->value = *value;
  } else {
    event.system.push_back({name, *value});
  }
}

}  // namespace

void PropertyBagDecoder::decode(std::string_view bag, EventView& event) {
  event.system.clear();
  event.application.clear();
  arena_.clear();
  arena_.reserve(bag.size() + kExpiryDigitsMax);
  while (!bag.empty()) add_pair(take_until(bag, "&"), event);
  if (event.application.size() > kLinearSearchMax) keep_last_of_each_name(event.application);
  convert_expiry(event);
}

void PropertyBagDecoder::add_pair(std::string_view pair, EventView& event) {
  if (pair.empty()) return;
  const size_t equals = pair.find('=');
  const std::string_view name = decode_component(pair.substr(0, equals));
  std::optional<std::string_view> value;
  if (equals != std::string_view::npos) value = decode_component(pair.substr(equals + 1));
  if (const auto system = system_property(name)) {
    set_system(event, *system, value);
  } else {
    add_application(event, {name, value});
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

void PropertyBagDecoder::add_application(EventView& event, const ApplicationProperty& property) {
  if (event.application.size() <= kLinearSearchMax) {
    const auto found = std::ranges::find(event.application, property.name, &ApplicationProperty::name);
    if (found != event.application.end()) {
      found->value = property.value;
      return;
    }
  }
  event.application.push_back(property);
}

void PropertyBagDecoder::keep_last_of_each_name(std::vector<ApplicationProperty>& properties) {
  order_.resize(properties.size());
  std::iota(order_.begin(), order_.end(), 0U);
  // Within one name the last comes first, which is the one that unique() leaves.
  std::ranges::sort(order_, [&](uint32_t a, uint32_t b) {
    const int by_name = properties[a].name.compare(properties[b].name);
    return by_name != 0 ? by_name < 0 : a > b;
  });
  const auto rest =
      std::ranges::unique(order_, [&](uint32_t a, uint32_t b) { return properties[a].name == properties[b].name; });
  order_.erase(rest.begin(), rest.end());
  std::ranges::sort(order_);
  for (size_t i = 0; i < order_.size(); ++i) properties[i] = properties[order_[i]];
  properties.resize(order_.size());
}

// The hub keeps the expiry as a number; text that is no date is not lost, but it is not an expiry either.
void PropertyBagDecoder::convert_expiry(EventView& event) {
  const auto found = std::ranges::find(event.system, SystemProperty::kAbsoluteExpiry, &hub::SystemPropertyValue::name);
  if (found == event.system.end()) return;
  const std::optional<UtcTime> time = parse_iso8601(found->value);
  if (!time) {
    const std::string_view text = found->value;
    event.system.erase(found);
    event.application.push_back({kExpiryKey, text});
    return;
  }
  std::array<char, kExpiryDigitsMax> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), unix_ms(*time));
  const size_t start = arena_.size();
  arena_.append(digits.data(), end);
  found->value = std::string_view(arena_).substr(start);
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
