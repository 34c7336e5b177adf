// A shard without a thread: what is posted runs in order, each after a delay that the seed chooses, so that shards
// overtake each other but never themselves.
#pragma once

#include <deque>
#include <utility>

#include "base/shard_context.h"
#include "sim/scheduler.h"

namespace nave::sim {

class SimShard final : public Executor {
 public:
  SimShard(ShardId id, Scheduler& scheduler)
      : scheduler_(scheduler), timers_(scheduler.clock.steady_ms()), context{id, *this, timers_, scheduler.clock} {
    plan_tick();
  }

  void post(UniqueFunction<void()> f) override {
    queue_.push_back(std::move(f));
    scheduler_.after(delay(), life_, [this] { run_one(); });
  }
  // What was posted dies with the process. True if there was something, which may have posted more.
  bool drop_one() {
    if (queue_.empty()) return false;
    UniqueFunction<void()> f = std::move(queue_.front());
    queue_.pop_front();
    return true;
  }

 private:
  // Now and then a shard is busy for a while, and rarely for long.
  int64_t delay() {
    Rng& rng = scheduler_.rng;
    if (rng.one_in(2000)) return rng.between(30, 400) * kMs;
    return rng.one_in(200) ? rng.between(1, 30) * kMs : rng.between(1, 300);
  }
  void run_one() {
    UniqueFunction<void()> f = std::move(queue_.front());
    queue_.pop_front();
    f();
  }
  void plan_tick() {
    scheduler_.after(TimerWheel::kTickMs * kMs, life_, [this] {
      timers_.advance(scheduler_.clock.steady_ms());
      plan_tick();
    });
  }

  Scheduler& scheduler_;
  TimerWheel timers_;
  std::deque<UniqueFunction<void()>> queue_;
  const Life life_ = make_life();

 public:
  const ShardContext context;
};

}  // namespace nave::sim
