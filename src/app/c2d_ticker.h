// Once a second: locks and messages that ran out.
#pragma once

#include "base/shard_context.h"
#include "hub/c2d/service.h"

namespace nave::app {

// Lives from before the shard runs until after it has stopped.
class C2dTicker final : public Timer {
 public:
  C2dTicker(hub::C2dService& c2d, const ShardContext& shard) : c2d_(c2d), shard_(shard) {}

  void start() {
    shard_.executor.post([this] { shard_.timers.arm(*this, kIntervalMs); });
  }

 private:
  static constexpr int64_t kIntervalMs = 1000;
  void on_timer() override {
    c2d_.on_tick();
    shard_.timers.arm(*this, kIntervalMs);
  }

  hub::C2dService& c2d_;
  const ShardContext& shard_;
};

}  // namespace nave::app
