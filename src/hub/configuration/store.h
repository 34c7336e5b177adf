// What automatic configurations need from storage. What each twin has of them lies with the twin (hub/twin/twin.h).
#pragma once

#include <string>
#include <vector>

#include "hub/configuration/configuration.h"
#include "hub/ports.h"

namespace nave::hub {

// Thread-safe, with the promises of DeviceStore, which the same object is. There are few: limits::kConfigurationsMax.
class ConfigurationStore {
 public:
  virtual ~ConfigurationStore() = default;

  // In the order of their ids. A damaged row is left out and reported.
  [[nodiscard]] virtual Result<std::vector<Configuration>, StoreError> load_configurations() const = 0;
  // Whether there was one of this id or not.
  virtual void put_configuration(Configuration configuration, Executor& reply_on, StoreReply reply) = 0;
  // What is gone already does not matter.
  virtual void erase_configuration(const std::string& id, Executor& reply_on, StoreReply reply) = 0;
};

}  // namespace nave::hub
