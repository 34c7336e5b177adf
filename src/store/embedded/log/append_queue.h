// Between the threads that append and the one that commits: gives each record its sequence number and time, and keeps
// the encoded records until the writer takes them all at once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "hub/ports.h"
#include "store/embedded/log/format.h"

namespace nave::store::embedded {

struct PendingRecord {
  hub::AppendTicket ticket;
  hub::AppendListener* listener;
  int64_t sequence;
  UtcTime enqueued;
  uint32_t offset;  // in AppendBatch::bytes
  uint32_t bytes;
  uint16_t partition;
};

struct AppendBatch {
  std::string bytes;  // records, not yet placed
  std::vector<PendingRecord> records;
};

// Thread-safe; take() and release() are for one writer.
class AppendQueue {
 public:
  AppendQueue(std::vector<PartitionEnd> ends, size_t payload_bytes_max, std::chrono::microseconds commit_wait,
              const Clock& clock);

  // False: too much is pending, the payload is too long, or the queue was closed.
  [[nodiscard]] bool push(uint16_t partition, ByteView payload, hub::AppendTicket ticket,
                          hub::AppendListener& listener);

  // Swaps in everything that waits, once something does; `batch` must have been released. False: closed and empty.
  [[nodiscard]] bool take(AppendBatch& batch);
  // The batch no longer counts as pending; empties it, keeping its memory unless that is much.
  void release(AppendBatch& batch);
  // push() returns false from now on; take() gives out what is left.
  void close();

  // Pending means appended and not yet released.
  [[nodiscard]] size_t pending_bytes() const;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  static constexpr size_t kEnoughRecords = 64;
  static constexpr unsigned kVainWaitsMax = 3;
  static constexpr unsigned kTakesWithoutWait = 64;
  static constexpr size_t kKeptBytes = 4 * 1024 * 1024;

  void gather_company(std::unique_lock<std::mutex>& lock);

  const size_t payload_bytes_max_;
  const std::chrono::microseconds commit_wait_;
  const Clock& clock_;

  mutable std::mutex mutex_;
  std::condition_variable filled_;
  bool writer_idle_ = false;
  bool writer_gathers_ = false;
  bool closed_ = false;
  AppendBatch waiting_;
  size_t taken_bytes_ = 0;
  std::vector<PartitionEnd> ends_;
  UtcTime last_enqueued_ = kNever;  // over all partitions, so that whole segments are ordered in time

  // The writer's.
  SteadyTime last_take_{};
  unsigned vain_waits_ = 0;
  unsigned takes_without_wait_ = 0;
};

}  // namespace nave::store::embedded
