// Faults that a connection is to suffer, each when its delay is over. They go with their owner: what is gone cannot be
// broken any more.
#pragma once

#include <memory>
#include <vector>

#include "base/timer_wheel.h"
#include "hub/fault/request.h"

namespace nave::hub {

class FaultTarget {
 public:
  virtual ~FaultTarget() = default;
  // May destroy the target and its PendingFaults.
  virtual void suffer(const FaultRequest& fault) = 0;
};

// One shard's thread only. `target` and `timers` outlive it.
class PendingFaults {
 public:
  PendingFaults(FaultTarget& target, TimerWheel& timers);
  ~PendingFaults();

  // Beyond limits::kFaultsPendingPerSessionMax requests are dropped: the first ones leave little to break.
  void add(FaultRequest fault);

 private:
  class Item;
  void fire(const Item& item);

  FaultTarget& target_;
  TimerWheel& timers_;
  std::vector<std::unique_ptr<Item>> items_;
};

}  // namespace nave::hub
