// Automatic device and module configurations and Edge deployments, as the fronts use them (reference/service-rest.md
// §15). What they do to twins is the applier's.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "hub/configuration/applier.h"
#include "hub/configuration/input.h"
#include "hub/configuration/results.h"
#include "hub/configuration/store.h"
#include "hub/device/etag.h"

namespace nave::hub {

struct ConfigurationDocument {
  std::string etag;  // without quotes
  std::string body;
};

// Thread-safe: everything happens on the worker, one after the other; replies are posted to `reply_on`, after
// durability. A change is answered before the twins follow it; they do so without being asked for.
class ConfigurationService {
 public:
  struct Parts {
    ConfigurationStore& configurations;
    DeviceStore& settings;
    const TwinStore& twin_store;
    const TwinScan& scan;
    Registry& registry;
    TwinService& twins;
    Executor& worker;
    const Clock& clock;
  };
  // All outlive the service, and what is left on `worker` does not run after it. Reads the configurations; throws
  // std::runtime_error if that cannot be done.
  ConfigurationService(const Parts& parts, Metrics& metrics);

  // For Registry::set_listener and TwinService::set_listener.
  [[nodiscard]] ChangeListener& listener() { return applier_; }
  // Once, after the listeners were set: twins may not be what the configurations make of them, because the hub ended in
  // the middle of it. They are looked at in turns, while the hub serves.
  void start();
  // Once a second, on any thread.
  void on_tick();

  // On the worker: whether every twin is what the configurations make of it, as far as is known.
  [[nodiscard]] bool is_settled();

  template <class Answer>
  using Reply = UniqueFunction<void(HubResult<Answer>)>;

  // With the results of its metrics, counted now; the last ones if that takes too long.
  void get(std::string id, Executor& reply_on, Reply<ConfigurationDocument> reply);
  // A JSON array of all.
  void list(Executor& reply_on, Reply<std::string> reply);
  // The precondition table of §5. Of one that exists the content stays, whatever is given.
  void put(Configuration configuration, IfMatch if_match, Executor& reply_on, Reply<ConfigurationDocument> reply);
  // What it has made of twins stays.
  void remove(std::string id, IfMatch if_match, Executor& reply_on, Reply<void> reply);
  // Replies when all of it is written.
  void apply_content(std::string device, Content content, Executor& reply_on, Reply<void> reply);

 private:
  using Item = ConfigurationSet::Item;
  using Set = std::shared_ptr<const ConfigurationSet>;
  [[nodiscard]] HubResult<Item> decide_put(Configuration configuration, const IfMatch& if_match) const;
  [[nodiscard]] ConfigurationDocument document(const Item& item) const;
  // Calls `done` on the worker once results_ is as new as can be.
  void count(const std::vector<Item>& items, UniqueFunction<void(HubResult<void>)> done);
  void keep_results(const std::vector<Item>& items, const std::vector<uint64_t>& counts);
  void do_put(Configuration configuration, const IfMatch& if_match, Executor& reply_on,
              Reply<ConfigurationDocument> reply);
  void do_remove(const std::string& id, const IfMatch& if_match, Executor& reply_on, Reply<void> reply);
  // Writes one after the other, so that each is decided over what the one before has made.
  void enqueue(UniqueFunction<void()> change);
  void change_done();
  void save_pending(bool pending);

  const Parts parts_;
  ConfigurationApplier applier_;
  Gauge& number_;
  Counter& success_;
  Counter& failure_;

  // On the worker.
  std::map<std::string, ConfigurationResults> results_;
  std::deque<UniqueFunction<void()>> changes_;
  bool changing_ = false;
  size_t counting_ = 0;
  bool pending_ = false;  // as it is stored: twins may hold what no configuration says
};

}  // namespace nave::hub
