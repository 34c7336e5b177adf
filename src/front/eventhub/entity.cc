#include "front/eventhub/entity.h"

#include <utility>

namespace nave::front::eventhub {
namespace {

using Kind = EntityAddress::Kind;

// The segments after {eh} or after messages/events.
std::optional<EntityAddress> below_entity(const amqp::Address& address, size_t first) {
  const size_t rest = address.size() - first;
  if (rest == 1 && address.segment_is(first, "$management")) return EntityAddress{Kind::kManagement, false, {}, {}};
  if (rest == 4 && address.segment_is(first, "ConsumerGroups") && address.segment_is(first + 2, "Partitions"))
    return EntityAddress{Kind::kReceiver, false, address.segments[first + 1], address.segments[first + 3]};
  if (rest == 0) return EntityAddress{Kind::kSender, false, {}, {}};
  if (rest == 2 && (address.segment_is(first, "Partitions") || address.segment_is(first, "Publishers")))
    return EntityAddress{Kind::kSender, false, {}, address.segments[first + 1]};
  return std::nullopt;
}

}  // namespace

std::optional<EntityAddress> entity_of(const amqp::Address& address, std::string_view event_hub) {
  if (address.matches({"$management"})) return EntityAddress{Kind::kManagement, false, {}, {}};
  if (address.segment_is(0, "messages") && address.segment_is(1, "events")) {
    auto entity = below_entity(address, 2);
    if (!entity || entity->kind == Kind::kSender) return std::nullopt;
    entity->redirect = true;
    return entity;
  }
  if (address.segment_is(0, event_hub)) return below_entity(address, 1);
  return std::nullopt;
}

}  // namespace nave::front::eventhub
