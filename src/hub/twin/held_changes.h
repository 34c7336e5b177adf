// Desired changes that reach a connection after the device has read its twin and before it subscribes to them. Node's
// SDK does it in this order, and would miss them; they are sent once the subscription is there.
#pragma once

#include <vector>

#include "base/limits.h"
#include "hub/twin/change.h"

namespace nave::hub {

class HeldChanges {
 public:
  void add(const DesiredChange& change) {
    bytes_ += sizeof change + change.body.size();
    if (overflowed()) return changes_.clear();
    changes_.push_back(change);
  }
  // Too many to hold: the whole section has to be sent instead.
  [[nodiscard]] bool overflowed() const { return bytes_ > limits::kTwinHeldChangesBytesMax; }
  [[nodiscard]] const std::vector<DesiredChange>& changes() const { return changes_; }

 private:
  std::vector<DesiredChange> changes_;
  size_t bytes_ = 0;
};

}  // namespace nave::hub
