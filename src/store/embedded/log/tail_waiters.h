// Who wants to know when a partition gets an event that is not there yet.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/executor.h"

namespace nave::store::embedded {

// Thread-safe.
class TailWaiters {
 public:
  explicit TailWaiters(size_t partition_count) : next_(partition_count, 0), waiting_(partition_count) {}

  // Posts `ready` at once if `from` is below the last wake() of the partition. Handles are never 0 and never repeat.
  uint64_t wait(uint16_t partition, int64_t from, Executor& on, UniqueFunction<void()> ready);
  // On return it has been posted, or will never be.
  void cancel(uint64_t handle);
  // Everything below `next` can be read.
  void wake(uint16_t partition, int64_t next);

 private:
  struct Waiter {
    uint64_t handle;
    Executor* on;
    UniqueFunction<void()> ready;
  };
  using ByFrom = std::multimap<int64_t, Waiter>;
  struct Location {
    uint16_t partition;
    ByFrom::iterator at;
  };

  std::mutex mutex_;
  std::vector<int64_t> next_;
  std::vector<ByFrom> waiting_;
  std::unordered_map<uint64_t, Location> by_handle_;
  uint64_t last_handle_ = 0;
};

}  // namespace nave::store::embedded
