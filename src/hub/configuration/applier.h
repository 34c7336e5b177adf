// Keeps every twin what the configurations make of it: hears of changes, looks at what changed, and writes what is to
// be another. Nothing is polled.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "hub/change_listener.h"
#include "hub/configuration/edge_application.h"
#include "hub/configuration/limits.h"
#include "hub/configuration/plan.h"
#include "hub/device/registry.h"
#include "hub/query/scan.h"
#include "hub/twin/service.h"

namespace nave::hub {

// What is said to run on the worker runs there only; on_changed() is for any thread.
//
// A twin that changed is put into a queue of bounded length and evaluated there: at most kConfigurationsMax compiled
// conditions, and a write only if something is to be another. A change of configurations makes a scan of all twins in
// turns, which evaluates those that the changed ones target or targeted. When the queue overflows, all are evaluated.
// A key with a write on its way is evaluated again afterwards if anything asked for it meanwhile, so that the last
// decision is always made with the last configurations over the last state.
class ConfigurationApplier final : public ChangeListener {
 public:
  struct Parts {
    const TwinStore& store;
    const TwinScan& scan;
    Registry& registry;
    TwinService& twins;
    Executor& worker;
    const Clock& clock;
  };
  // All outlive the applier, and what is left on `worker` does not run after it.
  ConfigurationApplier(const Parts& parts, Metrics& metrics);

  void on_changed(const IdentityKey& key, uint8_t aspects) override;

  // On the worker.
  [[nodiscard]] const std::shared_ptr<const ConfigurationSet>& configurations() const { return set_; }
  // Also while wiring. Follow it with one of the next two.
  void set_configurations(ConfigurationSet set);
  void configuration_changed(const std::string& id, ContentKind kind);
  void evaluate_all();
  // Once a second, for what could not be written.
  void retry();
  // Nothing changed that has not been evaluated, as far as is known.
  [[nodiscard]] bool is_idle();

  using Reply = UniqueFunction<void(HubResult<void>)>;
  // On the worker. Not for modules only: `content` becomes the device's, whatever configurations say until they are
  // evaluated again. `done` is called there, when all of it is written.
  void apply_content(const std::string& device, std::shared_ptr<const Content> content, Reply done);

 private:
  // A scan of all twins; `ids`: only those that these configurations target or targeted, all if empty.
  struct Scan {
    std::set<std::string> ids;
    bool all = false;
    bool devices = false;  // which of them
    bool modules = false;
    TwinScan::Kind kind = TwinScan::Kind::kDevices;
    IdentityKey after;
    std::vector<ScannedTwin> batch;
    size_t next = 0;  // of the batch
  };

  void schedule();
  void turn();
  void take_dirty();
  void continue_scan();
  [[nodiscard]] bool fill_batch();
  void push(const IdentityKey& key);
  [[nodiscard]] bool has_dirty();
  [[nodiscard]] bool has_work();
  [[nodiscard]] bool is_full() const;
  Scan& scan_to_come();
  void begin_scan();
  [[nodiscard]] bool is_concerned(const ScannedTwin& row) const;

  void evaluate(const IdentityKey& key);
  void evaluate(const Identity& identity, Twin twin);
  void evaluate_device(const Identity& identity, Twin twin);
  void evaluate_edge(const IdentityKey& key, std::shared_ptr<const DevicePlan> plan);
  void evaluate_modules(const std::string& device);
  void evaluate_module(const Identity& identity, Twin twin);
  void write_device(const IdentityKey& key, std::shared_ptr<const ConfigurationSet> set, bool edge_failed);
  void write(const IdentityKey& key, TwinService::HubDecision decide);
  [[nodiscard]] std::optional<DevicePlan> plan_of_device(const std::string& device) const;
  void begin(const IdentityKey& key);
  void finish(const IdentityKey& key, const HubResult<void>& outcome);
  void note_failure(const IdentityKey& key, const HubResult<void>& outcome);

  const Parts parts_;
  Counter& evaluated_;
  Counter& applied_;
  Counter& failed_;
  Counter& scans_;

  std::atomic<uint8_t> device_reads_{0};
  std::atomic<uint8_t> module_reads_{0};
  std::atomic<bool> scheduled_{false};

  std::mutex mutex_;
  std::deque<IdentityKey> dirty_;
  std::unordered_set<IdentityKey> dirty_keys_;
  bool overflowed_ = false;

  std::shared_ptr<const ConfigurationSet> set_ = std::make_shared<ConfigurationSet>();
  std::unordered_map<IdentityKey, bool> in_flight_;  // true: evaluate it again afterwards
  size_t edge_devices_ = 0;
  std::unordered_set<std::string> applying_;  // devices that apply_content() works on
  std::unordered_set<IdentityKey> to_retry_;
  std::optional<Scan> scan_;
  std::optional<Scan> next_scan_;
  bool paused_ = false;  // the disk refused to be scanned; until retry()
};

}  // namespace nave::hub
