// The Event-Hubs-compatible endpoint of the hub: what its links share, over all connections and shards.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "front/amqp/grants.h"
#include "front/eventhub/entity.h"
#include "front/eventhub/receivers.h"
#include "hub/hub_info.h"
#include "hub/ports.h"

namespace nave::front::eventhub {

struct EventHubOptions {
  std::vector<std::string> consumer_groups;  // besides $Default
  UtcTime created = from_unix_ms(0);         // of the installation, for runtime information
};

// Thread-safe; made once, outlives every connection.
class EventHub {
 public:
  // Everything given by reference outlives it.
  EventHub(hub::EventLog& log, const hub::HubInfo& hub, const hub::Authenticator& authenticator, Metrics& metrics,
           EventHubOptions options);

  [[nodiscard]] hub::EventLog& log() { return log_; }
  [[nodiscard]] const hub::HubInfo& hub() const { return hub_; }
  [[nodiscard]] const hub::Authenticator& authenticator() const { return authenticator_; }
  [[nodiscard]] ReceiverRegistry& receivers() { return receivers_; }
  [[nodiscard]] const EventHubOptions& options() const { return options_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  void count_sent(uint64_t events) {
    sent_.add(events);
    egress_.add(events);
  }

  // The configured spelling; names compare ignoring case. nullopt: there is none of this name.
  [[nodiscard]] std::optional<std::string> consumer_group(std::string_view name) const;
  // nullopt if `text` is not the number of a partition, written without sign or leading zeros.
  [[nodiscard]] std::optional<PartitionId> partition(std::string_view text) const;

  // ServiceConnect on the entity, under either of its names: {eh}/… or messages/events/….
  [[nodiscard]] bool may_read(const amqp::Grants& grants, const EntityAddress& entity) const;
  [[nodiscard]] bool may_read(const hub::ServiceGrant& grant, const EntityAddress& entity) const;

  // The ends of error texts as Event Hubs writes them: tracking id, who says so, when.
  [[nodiscard]] std::string tracking_suffix(const std::string& consumer_group, UtcTime now) const;
  [[nodiscard]] std::string not_found_text(const std::string& entity, UtcTime now) const;
  [[nodiscard]] std::string bad_partition_text(const std::string& partition) const;

 private:
  [[nodiscard]] std::vector<std::vector<std::string_view>> resources(const EntityAddress& entity) const;

  hub::EventLog& log_;
  const hub::HubInfo& hub_;
  const hub::Authenticator& authenticator_;
  const EventHubOptions options_;
  const std::string name_;
  Counter& sent_;
  Counter& egress_;
  ReceiverRegistry receivers_;
};

}  // namespace nave::front::eventhub
