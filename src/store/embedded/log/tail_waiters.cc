#include "store/embedded/log/tail_waiters.h"

#include <utility>

namespace nave::store::embedded {

// Posting happens under the mutex: after cancel() the executor may be gone.

uint64_t TailWaiters::wait(uint16_t partition, int64_t from, Executor& on, UniqueFunction<void()> ready) {
  const std::lock_guard lock(mutex_);
  const uint64_t handle = ++last_handle_;
  if (from < next_.at(partition)) {
    on.post(std::move(ready));
  } else {
    const auto at = waiting_[partition].emplace(from, Waiter{handle, &on, std::move(ready)});
    by_handle_.emplace(handle, Location{partition, at});
  }
  return handle;
}

void TailWaiters::cancel(uint64_t handle) {
  const std::lock_guard lock(mutex_);
  const auto found = by_handle_.find(handle);
  if (found == by_handle_.end()) return;
  waiting_[found->second.partition].erase(found->second.at);
  by_handle_.erase(found);
}

void TailWaiters::wake(uint16_t partition, int64_t next) {
  const std::lock_guard lock(mutex_);
  next_[partition] = next;
  ByFrom& waiting = waiting_[partition];
  while (!waiting.empty() && waiting.begin()->first < next) {
    Waiter& waiter = waiting.begin()->second;
    by_handle_.erase(waiter.handle);
    waiter.on->post(std::move(waiter.ready));
    waiting.erase(waiting.begin());
  }
}

}  // namespace nave::store::embedded
