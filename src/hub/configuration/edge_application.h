// Makes the modules of one Edge device what a manifest says: identities and twins (reference/service-rest.md §15.3,
// §15.5).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "hub/configuration/plan.h"
#include "hub/device/registry.h"
#include "hub/twin/service.h"

namespace nave::hub {

// Runs on one executor, in steps: modules that are not named any more go, new ones come, then every twin is written
// that is to be another. Only modules that a deployment made are ever removed, and never those of the system.
class EdgeApplication : public std::enable_shared_from_this<EdgeApplication> {
 public:
  struct Parts {
    const TwinStore& store;
    Registry& registry;
    TwinService& twins;
    Executor& worker;
  };
  struct Manifest {
    std::map<std::string, PlannedWrites> modules;
    // Makes a module's twin what it is to be, as TwinService::HubDecision does. Thread-safe.
    std::function<TwinService::HubWrite(const Identity&, Twin&)> decide;
    // Whether somebody else has work on a twin on its way, so that reading it says nothing yet.
    std::function<bool(const IdentityKey&)> is_busy;
  };
  using Done = UniqueFunction<void(HubResult<void>)>;

  // `parts` outlive it. `done` is called once, on the worker or inside the call, with the first error that there was;
  // the other steps are made all the same.
  static void start(const Parts& parts, std::string device, Manifest manifest, Done done);

  EdgeApplication(const Parts& parts, std::string device, Manifest manifest, Done done)
      : parts_(parts), device_(std::move(device)), manifest_(std::move(manifest)), done_(std::move(done)) {}

 private:
  using Step = void (EdgeApplication::*)();
  void remove();
  void create();
  void write();
  void finish();
  // Waits for `pending_` answers, then goes on with `next`.
  void answered(const HubResult<void>& outcome);
  void proceed(Step next);
  [[nodiscard]] bool needs_write(const Identity& module) const;

  const Parts parts_;
  const std::string device_;
  const Manifest manifest_;
  Done done_;
  std::set<std::string> named_;
  std::vector<Identity> existing_;
  size_t pending_ = 0;
  Step next_ = nullptr;
  HubResult<void> outcome_;
};

}  // namespace nave::hub
