// What the connections of this front have in common: the services, the counters, and one set of scratch buffers per
// shard.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/ids.h"
#include "front/mqtt/counters.h"
#include "front/mqtt/front.h"
#include "front/mqtt/property_bag.h"
#include "hub/telemetry/event.h"

namespace nave::front::mqtt {

// For the length of one call on the shard's thread; nothing in it survives to the next.
struct Scratch {
  hub::EventView event;
  PropertyBagDecoder bag;
  std::string out;
};

class Shared {
 public:
  explicit Shared(MqttServices s) : services(std::move(s)), counters(services.metrics) {
    for (size_t i = 0; i < services.ingests.size(); ++i) scratch_.push_back(std::make_unique<Scratch>());
  }

  [[nodiscard]] hub::Ingest& ingest(ShardId shard) const {
    NAVE_CHECK(shard.value() < services.ingests.size(), "every shard has its ingest");
    return *services.ingests[shard.value()];
  }
  [[nodiscard]] Scratch& scratch(ShardId shard) const { return *scratch_[shard.value()]; }

  const MqttServices services;
  const Counters counters;

 private:
  std::vector<std::unique_ptr<Scratch>> scratch_;  // by ShardId
};

}  // namespace nave::front::mqtt
