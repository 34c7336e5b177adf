// Reads and writes a whole hub, a page of records at a time: what `nave state` asks for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/executor.h"
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
  struct Problem {
    uint64_t line = 0;  // of those given, from 1
    std::string text;
  };
  std::vector<Problem> problems;
};

// Thread-safe.
class StateService {
 public:
  // All outlive it, and the replies on their way. Scans run on `worker`, for they take milliseconds.
  StateService(DeviceStore& store, const TwinScan& scan, Registry& registry, Executor& worker)
      : store_(store), scan_(scan), registry_(registry), worker_(worker) {}

  // In one order: the policies, the devices by id, the modules by device and id. Each page shows what was acknowledged
  // before it was asked for; pages are of different moments. An unknown continuation is ArgumentInvalid.
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

  DeviceStore& store_;
  const TwinScan& scan_;
  Registry& registry_;
  Executor& worker_;
};

}  // namespace nave::hub
