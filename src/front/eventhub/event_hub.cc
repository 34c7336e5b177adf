#include "front/eventhub/event_hub.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/random.h"
#include "base/url.h"

namespace nave::front::eventhub {
namespace {

constexpr std::string_view kDefaultGroup = "$Default";

std::string timestamp_text(UtcTime now) {
  return format_iso8601(std::chrono::time_point_cast<Ticks>(std::chrono::floor<std::chrono::seconds>(now)));
}

}  // namespace

EventHub::EventHub(hub::EventLog& log, const hub::HubInfo& hub, const hub::Authenticator& authenticator,
                   Metrics& metrics, EventHubOptions options)
    : log_(log),
      hub_(hub),
      authenticator_(authenticator),
      options_(std::move(options)),
      name_(hub.event_hub_name()),
      sent_(metrics.counter("nave_eventhub_events_sent_total",
                            "Events sent to receivers of the Event-Hubs-compatible endpoint.")),
      egress_(metrics.counter("d2c_endpoints_egress_builtIn_events",
                              "Messages delivered from the built-in events endpoint.")),
      receivers_(metrics) {}

std::optional<std::string> EventHub::consumer_group(std::string_view name) const {
  if (equals_ignore_case(name, kDefaultGroup)) return std::string(kDefaultGroup);
  for (const std::string& group : options_.consumer_groups) {
    if (equals_ignore_case(name, group)) return group;
  }
  return std::nullopt;
}

std::optional<PartitionId> EventHub::partition(std::string_view text) const {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number >= log_.partition_count()) return std::nullopt;
  return PartitionId{number};
}

// The whole path, so that a token for any part of it counts: clients ask for tokens by hub, by entity or by link.
std::vector<std::vector<std::string_view>> EventHub::resources(const EntityAddress& entity) const {
  std::vector<std::string_view> path;
  if (entity.kind == EntityAddress::Kind::kManagement) path = {"$management"};
  if (entity.kind == EntityAddress::Kind::kReceiver)
    path = {"ConsumerGroups", entity.consumer_group, "Partitions", entity.partition};
  std::vector<std::string_view> as_entity{name_};
  std::vector<std::string_view> as_messages{"messages", "events"};
  as_entity.insert(as_entity.end(), path.begin(), path.end());
  as_messages.insert(as_messages.end(), path.begin(), path.end());
  return {std::move(as_entity), std::move(as_messages)};
}

bool EventHub::may_read(const amqp::Grants& grants, const EntityAddress& entity) const {
  const auto paths = resources(entity);
  return std::any_of(paths.begin(), paths.end(),
                     [&](const auto& path) { return grants.service(auth::Right::kServiceConnect, path) != nullptr; });
}

bool EventHub::may_read(const hub::ServiceGrant& grant, const EntityAddress& entity) const {
  const auto paths = resources(entity);
  return std::any_of(paths.begin(), paths.end(),
                     [&](const auto& path) { return grant.allows(auth::Right::kServiceConnect, path); });
}

std::string EventHub::tracking_suffix(const std::string& consumer_group, UtcTime now) const {
  return " TrackingId:" + random_hex(32) + "_B0, SystemTracker:" + hub_.name() + ":eventhub:" + name_ + "~" +
         std::to_string(log_.partition_count()) + "|" + consumer_group + ", Timestamp:" + timestamp_text(now);
}

std::string EventHub::not_found_text(const std::string& entity, UtcTime now) const {
  return "The messaging entity '" + hub_.name() + ":eventhub:" + entity + "' could not be found." +
         tracking_suffix("", now);
}

std::string EventHub::bad_partition_text(const std::string& partition) const {
  return "The specified partition is invalid for an EventHub partition sender or receiver. It should be between 0 "
         "and " +
         std::to_string(log_.partition_count() - 1) + ". Parameter name: PartitionId; Actual value was '" + partition +
         "'.";
}

}  // namespace nave::front::eventhub
