#include "hub/configuration/applier.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace nave::hub {
namespace {

bool is_passing(ErrorCode code) {
  return code == ErrorCode::kServiceUnavailable || code == ErrorCode::kThrottlingException;
}

bool is_gone(ErrorCode code) {
  return code == ErrorCode::kDeviceNotFound || code == ErrorCode::kModuleNotFound;
}

bool mentions(const Twin& twin, const std::string& id) {
  return twin.configurations.find('"' + id + R"(":{)") != std::string::npos;
}

// Whether some configuration of `before`, as statuses_text() writes it, is not in `plan`.
bool lost_some(std::string_view before, const TwinPlan& plan) {
  constexpr std::string_view kEnd = R"(":{"status":)";
  for (size_t end = before.find(kEnd); end != std::string_view::npos; end = before.find(kEnd, end + 1)) {
    const size_t begin = before.rfind('"', end - 1) + 1;
    if (!plan.statuses.contains(before.substr(begin, end - begin))) return true;
  }
  return false;
}

TwinService::HubWrite as_write(PlanOutcome outcome) {
  return {outcome.changed, std::move(outcome.announce)};
}

}  // namespace

ConfigurationApplier::ConfigurationApplier(const Parts& parts, Metrics& metrics)
    : parts_(parts),
      evaluated_(metrics.counter("configurations_evaluated", "Twins that configurations were held against")),
      applied_(metrics.counter("configurations_applied", "Twins that configurations changed")),
      failed_(metrics.counter("configurations_failed", "Twins that configurations could not change")),
      scans_(metrics.counter("configurations_scans", "Scans of all twins because of changed configurations")) {}

// ---------------------------------------------------------------------------------------------------------------------
// What is to be looked at.

void ConfigurationApplier::on_changed(const IdentityKey& key, uint8_t aspects) {
  const auto& reads = key.is_module() ? module_reads_ : device_reads_;
  if ((reads.load(std::memory_order_acquire) & aspects) == 0) return;
  push(key);
  // A module that a deployment made may be gone: the device's manifest says.
  if (key.is_module() && (aspects & kAspectIdentity) != 0 && device_reads_.load(std::memory_order_relaxed) != 0) {
    push({key.device, ""});
  }
}

void ConfigurationApplier::push(const IdentityKey& key) {
  {
    const std::lock_guard lock(mutex_);
    if (dirty_.size() >= kConfigurationDirtyMax) {
      overflowed_ = true;
    } else if (dirty_keys_.insert(key).second) {
      dirty_.push_back(key);
    }
  }
  schedule();
}

bool ConfigurationApplier::has_dirty() {
  const std::lock_guard lock(mutex_);
  return overflowed_ || !dirty_.empty();
}

void ConfigurationApplier::set_configurations(ConfigurationSet set) {
  set_ = std::make_shared<const ConfigurationSet>(std::move(set));
  device_reads_.store(set_->reads_of_devices(), std::memory_order_release);
  module_reads_.store(set_->reads_of_modules(), std::memory_order_release);
}

ConfigurationApplier::Scan& ConfigurationApplier::scan_to_come() {
  return next_scan_ ? *next_scan_ : next_scan_.emplace();
}

void ConfigurationApplier::configuration_changed(const std::string& id, ContentKind kind) {
  Scan& scan = scan_to_come();
  scan.ids.insert(id);
  scan.devices = scan.devices || kind != ContentKind::kModule;
  scan.modules = scan.modules || kind != ContentKind::kDevice;
  schedule();
}

void ConfigurationApplier::evaluate_all() {
  Scan& scan = scan_to_come();
  scan.all = scan.devices = scan.modules = true;
  schedule();
}

void ConfigurationApplier::retry() {
  paused_ = false;
  for (const IdentityKey& key : to_retry_) push(key);
  to_retry_.clear();
  if (has_work()) schedule();
}

bool ConfigurationApplier::is_idle() {
  return !has_dirty() && in_flight_.empty() && to_retry_.empty() && !scan_ && !next_scan_;
}

// ---------------------------------------------------------------------------------------------------------------------
// Turns.

void ConfigurationApplier::schedule() {
  if (scheduled_.exchange(true)) return;
  parts_.worker.post([this] { turn(); });
}

void ConfigurationApplier::turn() {
  scheduled_ = false;
  take_dirty();
  bool overflowed = false;
  {
    const std::lock_guard lock(mutex_);
    overflowed = std::exchange(overflowed_, false);
  }
  if (overflowed) evaluate_all();
  if (!scan_ && next_scan_ && !paused_) begin_scan();
  if (scan_) continue_scan();
  if (!is_full() && has_work()) schedule();  // else finish() goes on
}

bool ConfigurationApplier::is_full() const {
  return in_flight_.size() >= kConfigurationWritesMax || edge_devices_ >= kConfigurationEdgeDevicesMax;
}

bool ConfigurationApplier::has_work() {
  return scan_ || (next_scan_ && !paused_) || has_dirty();
}

void ConfigurationApplier::begin_scan() {
  scan_ = std::exchange(next_scan_, std::nullopt);
  if (!scan_->devices) scan_->kind = TwinScan::Kind::kModules;
  scans_.add();
}

void ConfigurationApplier::take_dirty() {
  for (size_t i = 0; i < kConfigurationTurnTwins && !is_full(); ++i) {
    IdentityKey key;
    {
      const std::lock_guard lock(mutex_);
      if (dirty_.empty()) return;
      key = std::move(dirty_.front());
      dirty_.pop_front();
      dirty_keys_.erase(key);
    }
    evaluate(key);
  }
}

// False: the scan is over, or waits.
bool ConfigurationApplier::fill_batch() {
  Scan& s = *scan_;
  if (s.next < s.batch.size()) return true;
  auto batch = parts_.scan.scan_twins(s.kind, s.after, kConfigurationTurnTwins, kConfigurationTurnBytes);
  if (!batch) {
    // All over again, later.
    Scan& again = scan_to_come();
    again.ids.merge(s.ids);
    again.all = again.all || s.all;
    again.devices = again.devices || s.devices;
    again.modules = again.modules || s.modules;
    scan_.reset();
    paused_ = true;
    return false;
  }
  s.batch = *std::move(batch);
  s.next = 0;
  if (!s.batch.empty()) {
    s.after = s.batch.back().identity.key;
    return true;
  }
  if (s.kind == TwinScan::Kind::kModules || !s.modules) {
    scan_.reset();
    return false;
  }
  s.kind = TwinScan::Kind::kModules;
  s.after = {};
  return fill_batch();
}

void ConfigurationApplier::continue_scan() {
  if (!fill_batch()) return;
  Scan& s = *scan_;
  while (s.next < s.batch.size() && !is_full()) {
    ScannedTwin& row = s.batch[s.next++];
    // The row is of before what is on its way.
    if (const auto busy = in_flight_.find(row.identity.key); busy != in_flight_.end()) {
      busy->second = true;
      continue;
    }
    if (!row.twin) row.twin = fresh_twin(row.identity);
    if (s.all || is_concerned(row)) evaluate(row.identity, *std::move(row.twin));
  }
}

bool ConfigurationApplier::is_concerned(const ScannedTwin& row) const {
  return std::any_of(scan_->ids.begin(), scan_->ids.end(), [&](const std::string& id) {
    if (mentions(*row.twin, id)) return true;
    const auto item = set_->find(id);
    if (item == nullptr || (item->content.kind == ContentKind::kModule) != row.identity.key.is_module()) return false;
    return item->targets(row.identity, *row.twin);
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// One twin.

void ConfigurationApplier::evaluate(const IdentityKey& key) {
  if (const auto busy = in_flight_.find(key); busy != in_flight_.end()) {
    busy->second = true;
    return;
  }
  const auto identity = parts_.registry.get(key);
  if (!identity) return;
  auto twin = parts_.store.load_twin(key);
  if (!twin) {
    if (twin.error() == StoreError::kUnavailable) to_retry_.insert(key);
    return;
  }
  evaluate(*identity, *twin ? std::move(**twin) : fresh_twin(*identity));
}

void ConfigurationApplier::evaluate(const Identity& identity, Twin twin) {
  evaluated_.add();
  if (identity.key.is_module()) return evaluate_module(identity, std::move(twin));
  evaluate_device(identity, std::move(twin));
}

void ConfigurationApplier::evaluate_device(const Identity& identity, Twin twin) {
  auto plan = std::make_shared<const DevicePlan>(plan_device(set_, identity, twin));
  if (!plan->edge.modules.empty()) return evaluate_edge(identity.key, std::move(plan));
  // What deployments are to a device they are to its modules too.
  const bool deployments_changed =
      identity.iot_edge ? statuses_text(plan->twin) != twin.configurations : lost_some(twin.configurations, plan->twin);
  if (apply_plan(plan->twin, twin, parts_.clock.utc()).changed) write_device(identity.key, plan->set, false);
  if (deployments_changed) evaluate_modules(identity.key.device);
}

void ConfigurationApplier::evaluate_modules(const std::string& device) {
  const auto modules = parts_.registry.list_modules(device);
  if (!modules) return;
  for (const Identity& m : *modules) evaluate(m.key);
}

void ConfigurationApplier::evaluate_edge(const IdentityKey& key, std::shared_ptr<const DevicePlan> plan) {
  begin(key);
  ++edge_devices_;
  EdgeApplication::Manifest manifest;
  manifest.modules = plan->edge.modules;
  manifest.decide = [plan, &clock = parts_.clock](const Identity& identity, Twin& twin) {
    return as_write(apply_plan(plan_module(*plan->set, plan.get(), identity, twin), twin, clock.utc()));
  };
  manifest.is_busy = [this](const IdentityKey& module) { return in_flight_.contains(module); };
  EdgeApplication::start({parts_.store, parts_.registry, parts_.twins, parts_.worker}, key.device, std::move(manifest),
                         [this, key, plan](const HubResult<void>& done) {
                           --edge_devices_;
                           note_failure(key, done);
                           // The device last: once it says so, its modules are there.
                           write_device(key, plan->set, !done);
                         });
}

void ConfigurationApplier::write_device(const IdentityKey& key, std::shared_ptr<const ConfigurationSet> set,
                                        bool edge_failed) {
  write(key, [set = std::move(set), edge_failed, &clock = parts_.clock](const Identity& identity, Twin& twin) {
    DevicePlan plan = plan_device(set, identity, twin);
    if (edge_failed) {
      for (const auto& [c, applied] : plan.edge.deployments) plan.twin.statuses[c->stored.id] = false;
    }
    return as_write(apply_plan(plan.twin, twin, clock.utc()));
  });
}

std::optional<DevicePlan> ConfigurationApplier::plan_of_device(const std::string& device) const {
  if (set_->of(ContentKind::kModules).empty()) return {};
  const auto identity = parts_.registry.get({device, ""});
  if (!identity || !identity->iot_edge) return {};
  const auto twin = parts_.store.load_twin(identity->key);
  if (!twin) return {};
  return plan_device(set_, *identity, *twin ? **twin : fresh_twin(*identity));
}

void ConfigurationApplier::evaluate_module(const Identity& identity, Twin twin) {
  auto device = std::make_shared<const std::optional<DevicePlan>>(plan_of_device(identity.key.device));
  const auto decide = [set = set_, device, &clock = parts_.clock](const Identity& i, Twin& t) {
    return as_write(apply_plan(plan_module(*set, *device ? &**device : nullptr, i, t), t, clock.utc()));
  };
  if (decide(identity, twin).store) write(identity.key, decide);
}

// ---------------------------------------------------------------------------------------------------------------------
// Writes on their way.

void ConfigurationApplier::begin(const IdentityKey& key) {
  in_flight_.try_emplace(key, false);
}

void ConfigurationApplier::write(const IdentityKey& key, TwinService::HubDecision decide) {
  begin(key);
  parts_.twins.change_by_hub(key, std::move(decide), parts_.worker, [this, key](HubResult<bool> done) {
    if (done && *done) applied_.add();
    finish(key, done ? HubResult<void>() : fail(done.error()));
  });
}

void ConfigurationApplier::finish(const IdentityKey& key, const HubResult<void>& outcome) {
  note_failure(key, outcome);
  const auto it = in_flight_.find(key);
  const bool again = it != in_flight_.end() && it->second;
  if (it != in_flight_.end()) in_flight_.erase(it);
  if (again) push(key);
  if (has_work()) schedule();
}

void ConfigurationApplier::note_failure(const IdentityKey& key, const HubResult<void>& outcome) {
  if (outcome || is_gone(outcome.error().code)) return;
  failed_.add();
  log::write_limited(log::Level::kWarning, log::Category::kDeviceIdentityOperations, "configuration not applied",
                     "configuration not applied", {{"identity", key.text()}, {"reason", outcome.error().message}});
  if (!is_passing(outcome.error().code)) return;
  to_retry_.insert(key);
  if (to_retry_.size() <= kConfigurationDirtyMax) return;
  to_retry_.clear();
  evaluate_all();
}

// ---------------------------------------------------------------------------------------------------------------------
// What somebody asks for at once.

void ConfigurationApplier::apply_content(const std::string& device, std::shared_ptr<const Content> content,
                                         Reply done) {
  const IdentityKey key{device, ""};
  const auto identity = parts_.registry.get(key);
  if (!identity) return done(fail(identity.error()));
  if (content->kind == ContentKind::kModule) {
    return done(fail(Error(ErrorCode::kArgumentInvalid, "moduleContent names no module of the device")));
  }
  if (content->kind == ContentKind::kModules && !identity->iot_edge) {
    return done(fail(Error(ErrorCode::kArgumentInvalid, "Not an Azure IoT Edge device")));
  }
  if (!applying_.insert(device).second) {
    return done(fail(Error(ErrorCode::kApplyConfigurationAlreadyInProgressOnDevice)));
  }
  auto fits = std::make_shared<std::atomic<bool>>(true);
  auto finished = [this, device, fits, done = std::move(done)](HubResult<void> outcome) mutable {
    applying_.erase(device);
    if (outcome && !*fits) outcome = fail(Error(ErrorCode::kArgumentInvalid, "The desired properties are too large"));
    done(std::move(outcome));
  };
  const auto applies = [&clock = parts_.clock, fits](const DesiredWrites& writes, Twin& twin) {
    PlannedWrites planned;
    for (const DesiredWrite& w : writes) planned.push_back(&w);
    PlanOutcome outcome = apply_writes(planned, twin, clock.utc());
    if (!outcome.fits) *fits = false;
    return as_write(std::move(outcome));
  };
  if (content->kind == ContentKind::kDevice) {
    return parts_.twins.change_by_hub(
        key, [applies, content](const Identity&, Twin& twin) { return applies(content->writes, twin); }, parts_.worker,
        [finished = std::move(finished)](HubResult<bool> written) mutable {
          finished(written ? HubResult<void>() : fail(written.error()));
        });
  }
  EdgeApplication::Manifest manifest;
  for (const auto& [module, writes] : content->modules) {
    PlannedWrites& planned = manifest.modules[module];
    for (const DesiredWrite& w : writes) planned.push_back(&w);
  }
  manifest.decide = [applies, content](const Identity& module, Twin& twin) {
    const auto found = content->modules.find(module.key.module);
    return found == content->modules.end() ? TwinService::HubWrite{} : applies(found->second, twin);
  };
  manifest.is_busy = [](const IdentityKey&) { return true; };
  EdgeApplication::start({parts_.store, parts_.registry, parts_.twins, parts_.worker}, device, std::move(manifest),
                         std::move(finished));
}

}  // namespace nave::hub
