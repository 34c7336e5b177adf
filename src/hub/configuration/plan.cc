#include "hub/configuration/plan.h"

#include <algorithm>

#include "base/limits.h"
#include "hub/configuration/merge.h"
#include "hub/device/ids.h"
#include "json/parse.h"
#include "json/write.h"

namespace nave::hub {
namespace {

constexpr const char* kAgent = "$edgeAgent";

using Item = ConfigurationSet::Item;

void append(PlannedWrites& out, const DesiredWrites& writes) {
  for (const DesiredWrite& w : writes) out.push_back(&w);
}

// Whether something of `writes` is left when all that is planned behind them was made. They are part of `planned`.
bool prevails(const DesiredWrites& writes, const PlannedWrites& planned) {
  if (writes.empty()) return true;
  const auto last = std::find(planned.begin(), planned.end(), &writes.back());
  return std::any_of(writes.begin(), writes.end(), [&](const DesiredWrite& w) {
    return std::none_of(last + 1, planned.end(), [&](const DesiredWrite* later) { return is_overridden(w, *later); });
  });
}

// Device and module configurations: all that target the twin, one after the other.
void plan_all(const std::vector<Item>& items, const Identity& identity, const Twin& twin, TwinPlan& plan) {
  std::vector<const CompiledConfiguration*> targeting;
  for (const Item& item : items) {
    if (!item->targets(identity, twin)) continue;
    targeting.push_back(item.get());
    append(plan.writes, item->content.writes);
  }
  for (const CompiledConfiguration* c : targeting) {
    plan.statuses[c->stored.id] = prevails(c->content.writes, plan.writes);
  }
}

bool layer_prevails(const CompiledConfiguration& layer, const std::map<std::string, PlannedWrites>& manifest) {
  return std::any_of(layer.content.modules.begin(), layer.content.modules.end(),
                     [&](const auto& module) { return prevails(module.second, manifest.at(module.first)); });
}

// One base deployment, and on top of it those layered ones that have a higher priority.
EdgePlan plan_edge(const std::vector<Item>& items, const Identity& identity, const Twin& twin) {
  std::vector<const CompiledConfiguration*> targeting;
  const CompiledConfiguration* base = nullptr;
  for (const Item& item : items) {
    if (!item->targets(identity, twin)) continue;
    targeting.push_back(item.get());
    if (!item->content.layered) base = item.get();
  }
  EdgePlan out;
  const auto counts = [base](const CompiledConfiguration* c) {
    if (base == nullptr) return false;
    return c == base || (c->content.layered && c->stored.priority > base->stored.priority);
  };
  for (const CompiledConfiguration* c : targeting) {
    if (!counts(c)) continue;
    for (const auto& [module, writes] : c->content.modules) append(out.modules[module], writes);
  }
  for (const CompiledConfiguration* c : targeting) {
    out.deployments.emplace_back(c, counts(c) && (c == base || layer_prevails(*c, out.modules)));
  }
  return out;
}

json::Object parse_desired(std::string_view text) {
  auto tree = json::parse(text, {.bytes_max = limits::kTwinStoredTextBytesMax});
  return tree && tree->if_object() != nullptr ? std::move(*tree->if_object()) : json::Object();
}

}  // namespace

DevicePlan plan_device(std::shared_ptr<const ConfigurationSet> set, const Identity& identity, const Twin& twin) {
  DevicePlan out;
  plan_all(set->of(ContentKind::kDevice), identity, twin, out.twin);
  if (identity.iot_edge) {
    out.edge = plan_edge(set->of(ContentKind::kModules), identity, twin);
    for (const auto& [c, applied] : out.edge.deployments) out.twin.statuses[c->stored.id] = applied;
  }
  out.set = std::move(set);
  return out;
}

TwinPlan plan_module(const ConfigurationSet& set, const DevicePlan* device, const Identity& identity,
                     const Twin& twin) {
  TwinPlan out;
  if (device != nullptr) {
    const std::string& module = identity.key.module;
    const auto planned = device->edge.modules.find(module);
    if (planned != device->edge.modules.end()) out.writes = planned->second;
    for (const auto& [c, applied] : device->edge.deployments) {
      if (module == kAgent || c->content.modules.contains(module)) out.statuses[c->stored.id] = applied;
    }
  }
  plan_all(set.of(ContentKind::kModule), identity, twin, out);
  return out;
}

std::set<std::string> modules_of(const std::map<std::string, PlannedWrites>& manifest, std::string_view agent) {
  std::set<std::string> out;
  for (const auto& [module, writes] : manifest) out.insert(module);
  json::Object document = parse_desired(agent);
  if (const auto writes = manifest.find(kAgent); writes != manifest.end()) {
    for (const DesiredWrite* w : writes->second) apply_write(document, *w);
  }
  const json::Value* const modules = document.find("modules");
  if (modules != nullptr && modules->if_object() != nullptr) {
    for (const json::Member& m : *modules->if_object()) {
      if (is_valid_id(m.name)) out.insert(m.name);
    }
  }
  std::erase_if(out, [](const std::string& module) { return module.starts_with('$'); });
  return out;
}

std::string statuses_text(const TwinPlan& plan, bool failed) {
  std::string out;
  for (const auto& [id, applied] : plan.statuses) {
    out += out.empty() ? '{' : ',';
    json::write_string(id, out);
    out += applied && !failed ? R"(:{"status":"Applied"})" : R"(:{"status":"Targeted"})";
  }
  return out.empty() ? out : out + '}';
}

PlanOutcome apply_writes(const PlannedWrites& writes, Twin& twin, UtcTime now) {
  if (writes.empty()) return {};
  const json::Object before = parse_desired(twin.desired.values);
  json::Object after = before;
  for (const DesiredWrite* w : writes) apply_write(after, *w);
  TwinInput input;
  input.desired = merge_patch(before, after);
  if (input.desired->empty()) return {};
  auto change = patch_twin(twin, input, now);
  if (!change) return {false, false, {}};
  return {true, true, *std::move(change)};
}

PlanOutcome apply_plan(const TwinPlan& plan, Twin& twin, UtcTime now, bool failed) {
  PlanOutcome out = apply_writes(plan.writes, twin, now);
  std::string statuses = statuses_text(plan, failed || !out.fits);
  if (statuses == twin.configurations) return out;
  twin.configurations = std::move(statuses);
  out.changed = true;
  return out;
}

}  // namespace nave::hub
