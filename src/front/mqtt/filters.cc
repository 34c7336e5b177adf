#include "front/mqtt/filters.h"

#include <algorithm>
#include <array>
#include <bit>

#include "front/mqtt/topics.h"

namespace nave::front::mqtt {
namespace {

enum class Below : uint8_t { kDevice, kModule, kHub };

struct Row {
  Below below;
  std::string_view text;  // behind the prefix of the identity, or whole with kHub
  Filter filter;
};

constexpr std::array<Row, 7> kRows = {{
    {Below::kDevice, "messages/devicebound/#", Filter::kDeviceC2d},
    {Below::kModule, "messages/devicebound/#", Filter::kModuleC2d},
    {Below::kModule, "inputs/#", Filter::kModuleInputs},
    {Below::kModule, "#", Filter::kModuleAll},
    {Below::kHub, "$iothub/twin/res/#", Filter::kTwinResponses},
    {Below::kHub, "$iothub/twin/PATCH/properties/desired/#", Filter::kDesiredProperties},
    {Below::kHub, "$iothub/methods/POST/#", Filter::kMethods},
}};

constexpr uint32_t bit(Filter filter) {
  return uint32_t{1} << static_cast<uint8_t>(filter);
}

}  // namespace

std::optional<Filter> parse_filter(std::string_view text, const IdentityKey& own) {
  Below below = Below::kHub;
  if (const auto rest = after_own_prefix(text, own)) {
    below = own.is_module() ? Below::kModule : Below::kDevice;
    text = *rest;
  }
  const auto* const row = std::ranges::find_if(kRows, [&](const Row& r) { return r.below == below && r.text == text; });
  if (row == kRows.end()) return {};
  return row->filter;
}

wire::mqtt::Qos subscribe(hub::MqttSession& session, Filter filter, wire::mqtt::Qos requested) {
  session.filters |= bit(filter);
  if (requested == wire::mqtt::Qos::kAtMostOnce) {
    session.qos1 &= ~bit(filter);
    return wire::mqtt::Qos::kAtMostOnce;
  }
  session.qos1 |= bit(filter);
  return wire::mqtt::Qos::kAtLeastOnce;
}

void unsubscribe(hub::MqttSession& session, Filter filter) {
  session.filters &= ~bit(filter);
  session.qos1 &= ~bit(filter);
}

std::optional<wire::mqtt::Qos> subscribed_qos(const hub::MqttSession& session, Filter filter) {
  if ((session.filters & bit(filter)) == 0) return {};
  return (session.qos1 & bit(filter)) != 0 ? wire::mqtt::Qos::kAtLeastOnce : wire::mqtt::Qos::kAtMostOnce;
}

size_t subscription_count(const hub::MqttSession& session) {
  return static_cast<size_t>(std::popcount(session.filters));
}

}  // namespace nave::front::mqtt
