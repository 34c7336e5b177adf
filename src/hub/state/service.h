// Reads and writes a whole hub, a page of records at a time: what `nave state` asks for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/executor.h"
#include "hub/configuration/service.h"
#include "hub/device/registry.h"
#include "hub/query/scan.h"

namespace nave::hub {

struct StatePage {
  std::string lines;         // each with its end
  std::string continuation;  // where the next page begins; empty: there is none
};

struct StateImport {
  uint64_t created = 0;
  uint64_t replaced = 0;
  uint64_t policies = 0;  // they count when the hub starts the next time
  uint64_t configurations = 0;
  struct Problem {
    uint64_t line = 0;  // of those given, from 1
    std::string text;
  };
  std::vector<Problem> problems;
};

// Thread-safe.
class StateService {
 public:
  struct Parts {
    DeviceStore& store;
    const TwinScan& scan;
    Registry& registry;
    const ConfigurationStore& configuration_store;
    ConfigurationService& configurations;
    Executor& worker;  // for scans, which take milliseconds
  };
  // All outlive it, and the replies on their way.
  explicit StateService(const Parts& parts)
      : store_(parts.store),
        scan_(parts.scan),
        registry_(parts.registry),
        configuration_store_(parts.configuration_store),
        configurations_(parts.configurations),
        worker_(parts.worker) {}

  // In one order: the policies, the devices by id, the modules by device and id, the configurations by their creation.
  // Each page shows what was acknowledged before it was asked for; pages are of different moments. An unknown
  // continuation is ArgumentInvalid.
  using PageReply = UniqueFunction<void(HubResult<StatePage>)>;
  void export_page(std::string continuation, Executor& reply_on, PageReply reply);

  // Writes every record as it is given, over what is there, each by itself and all durable before the reply. An
  // identity of another generation takes the place of its namesake with everything that was stored for it. Who is
  // connected as an identity that was there is disconnected. Policies, if there are any, take the place of all.
  using ImportReply = UniqueFunction<void(HubResult<StateImport>)>;
  void import_lines(std::string lines, Executor& reply_on, ImportReply reply);

 private:
  struct Import;
  [[nodiscard]] HubResult<StatePage> page(const std::string& continuation) const;
  void start(std::shared_ptr<Import> import, std::string_view lines);
  // In place of one that is there: its content would stay otherwise.
  void write(const std::shared_ptr<Import>& import, uint64_t line, Configuration configuration);

  DeviceStore& store_;
  const TwinScan& scan_;
  Registry& registry_;
  const ConfigurationStore& configuration_store_;
  ConfigurationService& configurations_;
  Executor& worker_;
};

}  // namespace nave::hub
