#include "app/worker_thread.h"

#include <utility>

namespace nave::app {

void WorkerThread::stop() {
  std::deque<UniqueFunction<void()>> dropped;  // without the lock: what goes may post
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(queue_);
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void WorkerThread::post(UniqueFunction<void()> f) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    queue_.push_back(std::move(f));
  }
  changed_.notify_one();
}

void WorkerThread::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    UniqueFunction<void()> f = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    f();
    f = nullptr;  // before the lock: it may post
    lock.lock();
  }
}

}  // namespace nave::app
