// What code that lives on a shard may use of it, without knowing the event loop behind it: tests and the simulator make
// one from a queue and a ManualClock.
#pragma once

#include "base/clock.h"
#include "base/executor.h"
#include "base/ids.h"
#include "base/timer_wheel.h"

namespace nave {

struct ShardContext {
  ShardId id;
  Executor& executor;  // runs on this shard's thread
  TimerWheel& timers;  // this shard's thread only
  const Clock& clock;
};

}  // namespace nave
