// What tests of an event log need around it: a listener that remembers, an executor of the test's own, whole reads.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "hub/ports.h"

namespace nave::test {

inline constexpr std::chrono::seconds kLogTestPatience{60};

// Remembers every outcome. Thread-safe.
class OutcomeRecorder final : public hub::AppendListener {
 public:
  void on_appended(std::vector<hub::AppendOutcome> outcomes) override {
    const std::lock_guard lock(mutex_);
    calls_ += 1;
    outcomes_.insert(outcomes_.end(), outcomes.begin(), outcomes.end());
    changed_.notify_all();
  }
  // False if they do not come.
  [[nodiscard]] bool wait_for(size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLogTestPatience, [&] { return outcomes_.size() >= count; });
  }
  [[nodiscard]] std::vector<hub::AppendOutcome> outcomes() const {
    const std::lock_guard lock(mutex_);
    return outcomes_;
  }
  [[nodiscard]] size_t calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<hub::AppendOutcome> outcomes_;
  size_t calls_ = 0;
};

// Any thread posts, the test's thread runs.
class BlockingQueue final : public Executor {
 public:
  void post(UniqueFunction<void()> f) override {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(f));
    changed_.notify_all();
  }
  // Runs the oldest function, waiting for one; false if none comes.
  bool run_one() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kLogTestPatience, [&] { return !queue_.empty(); })) return false;
    UniqueFunction<void()> f = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    f();
    return true;
  }
  [[nodiscard]] bool idle() const {
    const std::lock_guard lock(mutex_);
    return queue_.empty();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<UniqueFunction<void()>> queue_;
};

// One read, waited for; nullopt if the store said no.
inline std::optional<hub::EventBatch> read_batch(hub::EventLog& log, uint16_t partition, int64_t from,
                                                 size_t events_max = 1000, size_t bytes_max = 1 << 20) {
  BlockingQueue queue;
  std::optional<hub::EventBatch> batch;
  log.read(PartitionId{partition}, SequenceNumber{from}, events_max, bytes_max, queue,
           [&](Result<hub::EventBatch, hub::StoreError> result) {
             if (result) batch = std::move(*result);
           });
  queue.run_one();
  return batch;
}

struct ReadEvent {
  int64_t sequence;
  std::string payload;
  bool operator==(const ReadEvent&) const = default;
};

// Everything from `from` to the end.
inline std::vector<ReadEvent> read_all(hub::EventLog& log, uint16_t partition, int64_t from = 0,
                                       size_t events_max = 7) {
  std::vector<ReadEvent> all;
  for (;;) {
    const auto batch = read_batch(log, partition, from, events_max);
    if (!batch || batch->events.empty()) return all;
    for (const hub::StoredEvent& event : batch->events) {
      all.push_back({event.sequence.value(), std::string(event.payload)});
    }
    from = batch->next.value();
  }
}

}  // namespace nave::test
