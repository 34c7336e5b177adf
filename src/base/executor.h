// Where a callback runs. Every shard (net/shard.h) is an Executor; tests use InlineExecutor or a queue of their own.
#pragma once

#include "base/function.h"

namespace nave {

class Executor {
 public:
  virtual ~Executor() = default;
  // Any thread. Runs `f` later on the executor's own thread, in post order; never inside post().
  virtual void post(UniqueFunction<void()> f) = 0;
};

}  // namespace nave
