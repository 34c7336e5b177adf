// What an address of the Event-Hubs-compatible endpoint names (reference/amqp.md §9.1, §9.3, §9.5, §10). Pure; whether
// the consumer group and the partition exist is decided elsewhere.
#pragma once

#include <optional>
#include <string>

#include "front/amqp/address.h"

namespace nave::front::eventhub {

struct EntityAddress {
  enum class Kind : uint8_t {
    kManagement,  // [{eh}/]$management
    kReceiver,    // {eh}/ConsumerGroups/{cg}/Partitions/{p}
    kSender,      // {eh}, {eh}/Partitions/{p}, {eh}/Publishers/{p}
  };
  Kind kind = Kind::kManagement;
  bool redirect = false;  // under messages/events: the answer is where the entity really is
  std::string consumer_group;
  std::string partition;
};

// nullopt if it is not an address of this endpoint. `event_hub` compares ignoring case.
[[nodiscard]] std::optional<EntityAddress> entity_of(const amqp::Address& address, std::string_view event_hub);

}  // namespace nave::front::eventhub
