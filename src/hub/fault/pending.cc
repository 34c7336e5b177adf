#include "hub/fault/pending.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace nave::hub {

class PendingFaults::Item final : public Timer {
 public:
  Item(PendingFaults& owner, FaultRequest request) : fault(std::move(request)), owner_(owner) {}
  const FaultRequest fault;

 private:
  void on_timer() override { owner_.fire(*this); }
  PendingFaults& owner_;
};

PendingFaults::PendingFaults(FaultTarget& target, TimerWheel& timers) : target_(target), timers_(timers) {}
PendingFaults::~PendingFaults() = default;

void PendingFaults::add(FaultRequest fault) {
  if (items_.size() >= limits::kFaultsPendingPerSessionMax) return;
  const int64_t delay = fault.delay_ms;
  timers_.arm(*items_.emplace_back(std::make_unique<Item>(*this, std::move(fault))), delay);
}

void PendingFaults::fire(const Item& item) {
  const auto found = std::ranges::find_if(items_, [&](const auto& i) { return i.get() == &item; });
  // Kept here, because this object may not live to the end of the call.
  const std::unique_ptr<Item> fired = std::move(*found);
  items_.erase(found);
  target_.suffer(fired->fault);
}

}  // namespace nave::hub
