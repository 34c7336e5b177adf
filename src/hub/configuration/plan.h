// What all configurations together make of one twin: pure decisions (reference/service-rest.md §15.3).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "hub/configuration/set.h"
#include "hub/twin/change.h"

namespace nave::hub {

// In the order in which they are made.
using PlannedWrites = std::vector<const DesiredWrite*>;

struct TwinPlan {
  PlannedWrites writes;
  // By id, for what targets the twin: whether something of it is to stand in the twin.
  std::map<std::string_view, bool> statuses;
};

// The manifest of an Edge device: what its deployments say together.
struct EdgePlan {
  std::map<std::string, PlannedWrites> modules;  // empty: no deployment, so modules stay as they are
  std::vector<std::pair<const CompiledConfiguration*, bool>> deployments;  // that target the device, and their statuses
};

struct DevicePlan {
  std::shared_ptr<const ConfigurationSet> set;  // keeps what the plan points to
  TwinPlan twin;                                // the statuses of deployments among its own
  EdgePlan edge;
};

[[nodiscard]] DevicePlan plan_device(std::shared_ptr<const ConfigurationSet> set, const Identity& identity,
                                     const Twin& twin);
// Of a module; `device`: the plan of its device if there are deployments.
[[nodiscard]] TwinPlan plan_module(const ConfigurationSet& set, const DevicePlan* device, const Identity& identity,
                                   const Twin& twin);

// The modules that a manifest names, in its own keys and in what it makes of $edgeAgent's document; the system's own
// are not among them. `agent`: the desired properties of $edgeAgent now.
[[nodiscard]] std::set<std::string> modules_of(const std::map<std::string, PlannedWrites>& manifest,
                                               std::string_view agent);

// JSON text for Twin::configurations. With `failed` what was to be applied is only targeted.
[[nodiscard]] std::string statuses_text(const TwinPlan& plan, bool failed = false);

struct PlanOutcome {
  bool changed = false;  // of the twin
  bool fits = true;      // false: the result breaks a limit of desired properties; then they stay as they are
  std::optional<DesiredChange> announce;
};
[[nodiscard]] PlanOutcome apply_writes(const PlannedWrites& writes, Twin& twin, UtcTime now);
// And the statuses.
[[nodiscard]] PlanOutcome apply_plan(const TwinPlan& plan, Twin& twin, UtcTime now, bool failed = false);

}  // namespace nave::hub
