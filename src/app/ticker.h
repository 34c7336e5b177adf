// Once a second, what the hub does by the clock: locks and messages that ran out, work whose time has come.
#pragma once

#include <functional>
#include <vector>

#include "base/shard_context.h"

namespace nave::app {

// Lives from before the shard runs until after it has stopped.
class Ticker final : public Timer {
 public:
  // Each action runs on the shard and takes microseconds.
  Ticker(std::vector<std::function<void()>> actions, const ShardContext& shard)
      : actions_(std::move(actions)), shard_(shard) {}

  void start() {
    shard_.executor.post([this] { shard_.timers.arm(*this, kIntervalMs); });
  }

 private:
  static constexpr int64_t kIntervalMs = 1000;
  void on_timer() override {
    for (const auto& action : actions_) action();
    shard_.timers.arm(*this, kIntervalMs);
  }

  const std::vector<std::function<void()>> actions_;
  const ShardContext& shard_;
};

}  // namespace nave::app
