// The writer thread of the state database: takes what waits, runs it as one transaction, and answers everybody once
// COMMIT has returned. Under load the waiting grows while a commit runs, so groups form by themselves.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "hub/ports.h"
#include "store/embedded/sqlite/identity_cache.h"
#include "store/embedded/sqlite/state_writer.h"

namespace nave::store::embedded {

class StateCommitter {
 public:
  // The step of one write, run on the writer thread inside a transaction.
  using Act = UniqueFunction<StateWriter::Outcome(StateWriter&)>;

  // Starts the thread. `activity_flush_ms`: how long activity times may wait.
  StateCommitter(std::unique_ptr<Database> database, uint64_t identities_max, int64_t activity_flush_ms,
                 IdentityCache& cache, Metrics& metrics);
  // Everything that was submitted is committed, or failed, and answered.
  ~StateCommitter();
  StateCommitter(const StateCommitter&) = delete;
  StateCommitter& operator=(const StateCommitter&) = delete;

  // Any thread. `cost`: how many writes it counts for against limits::kStateQueueWritesMax; beyond that the reply is
  // kUnavailable. Submitted on one thread, acts run in that order.
  void submit(Act act, size_t cost, Executor& reply_on, hub::StoreReply reply);

  // As of the last commit.
  [[nodiscard]] hub::DeviceStore::Counts counts() const;

 private:
  struct Job {
    Act act;
    size_t cost;
    Executor* reply_on;
    hub::StoreReply reply;
  };

  void run();
  [[nodiscard]] bool wait_for_work(std::vector<Job>& jobs);
  void commit(std::vector<Job>& jobs);
  // False: nothing of the jobs is kept.
  [[nodiscard]] bool commit_all(std::vector<Job>& jobs, std::vector<StateWriter::Outcome>& outcomes);
  void flush_activity();
  void publish_counts();
  void note_commit_failure();

  std::unique_ptr<Database> database_;
  StateWriter writer_;
  IdentityCache& cache_;
  const std::chrono::milliseconds activity_flush_;
  Histogram& commit_time_;
  Counter& committed_writes_;
  Gauge& queue_depth_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> queue_;
  size_t queued_cost_ = 0;
  bool stopping_ = false;
  hub::DeviceStore::Counts counts_;

  // Writer thread only: after a failed write or sync nobody knows what the disk holds, so nothing is written any more.
  bool failed_ = false;
  std::chrono::steady_clock::time_point last_flush_;

  std::thread thread_;
};

}  // namespace nave::store::embedded
