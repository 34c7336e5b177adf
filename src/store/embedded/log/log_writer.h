// The writer thread: takes what was appended, commits it, and tells everyone who waits for that.
#pragma once

#include <atomic>
#include <cstddef>
#include <thread>

#include "store/embedded/log/append_queue.h"
#include "store/embedded/log/committer.h"
#include "store/embedded/log/housekeeper.h"
#include "store/embedded/log/tail_waiters.h"

namespace nave::store::embedded {

class LogWriter {
 public:
  LogWriter(AppendQueue& queue, Committer& committer, SegmentSet& segments, TailWaiters& waiters,
            Housekeeper& housekeeper, LogMetrics& metrics, UniqueFunction<void(const std::string& why)> on_failure);
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  void start();
  // Closes the queue, commits what is left in it and a mark, and joins.
  void stop();
  [[nodiscard]] bool failed() const { return failed_.load(std::memory_order_relaxed); }

 private:
  void run();
  [[nodiscard]] bool commit(AppendBatch& batch);
  void notify(const AppendBatch& batch, size_t first, size_t last, bool ok);
  void wake_waiters(const AppendBatch& batch, size_t first, size_t last);
  void wake_housekeeper();
  void give_up(AppendBatch& batch, size_t first, const IoError& error);

  AppendQueue& queue_;
  Committer& committer_;
  SegmentSet& segments_;
  TailWaiters& waiters_;
  Housekeeper& housekeeper_;
  LogMetrics& metrics_;
  UniqueFunction<void(const std::string& why)> on_failure_;
  std::atomic<bool> failed_{false};
  size_t segments_seen_ = 0;
  bool spare_asked_ = false;
  std::vector<int64_t> next_;  // per partition, of one commit
  std::thread thread_;
};

}  // namespace nave::store::embedded
