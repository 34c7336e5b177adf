#include "store/embedded/log/read_thread.h"

#include <utility>

#include "base/limits.h"

namespace nave::store::embedded {

ReadThread::ReadThread(const SegmentSet& segments, DamageReport& report)
    : reader_(segments, report), thread_([this] { run(); }) {}

ReadThread::~ReadThread() {
  stop();
}

void ReadThread::answer(Request& request, Result<hub::EventBatch, hub::StoreError> result) {
  request.reply_on->post(
      [reply = std::move(request.reply), result = std::move(result)]() mutable { reply(std::move(result)); });
}

void ReadThread::submit(Request request) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_ && requests_.size() < limits::kLogReadsQueuedMax) {
      requests_.push_back(std::move(request));
      changed_.notify_one();
      return;
    }
  }
  answer(request, fail(hub::StoreError::kUnavailable));
}

void ReadThread::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stopping_ || !requests_.empty(); });
    if (stopping_) return;
    Request request = std::move(requests_.front());
    requests_.pop_front();
    lock.unlock();
    answer(request, reader_.read(request.partition, request.from, request.events_max, request.bytes_max));
    lock.lock();
  }
}

void ReadThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (!thread_.joinable()) return;
  thread_.join();
  for (Request& request : requests_) answer(request, fail(hub::StoreError::kUnavailable));
  requests_.clear();
}

}  // namespace nave::store::embedded
