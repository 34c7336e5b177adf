// The event log of a simulated hub: the real queue, committer, reader and recovery of store/embedded/log on files that
// can fail and lose power, driven by events instead of threads.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "sim/checks/telemetry_ledger.h"
#include "sim/scheduler.h"
#include "store/embedded/log/append_queue.h"
#include "store/embedded/log/committer.h"
#include "store/embedded/log/event_reader.h"
#include "store/embedded/log/housekeeper.h"
#include "store/embedded/log/recovery.h"
#include "store/embedded/log/tail_waiters.h"
#include "unit/store/embedded/log/faulty_file_system.h"

namespace nave::sim {

// What outlives a crash.
struct LogDisk {
  test::FaultyFileSystem files;
};

class SimLog final : public hub::EventLog {
 public:
  // nullptr if the disk died on the way, which is what the caller asked it to do.
  [[nodiscard]] static std::unique_ptr<SimLog> open(LogDisk& disk, uint16_t partitions, Scheduler& scheduler,
                                                    Metrics& metrics, TelemetryLedger& ledger);

  // The process ends now, perhaps in the middle of a commit. What was not acknowledged may or may not be on the disk.
  void crash();
  [[nodiscard]] bool failed() const { return failed_; }
  void refuse_appends_until(int64_t time_us) { refuse_until_us_ = time_us; }
  void housekeep() { housekeeper_.run_once(); }

  [[nodiscard]] uint16_t partition_count() const override { return static_cast<uint16_t>(segments_.partition_count()); }
  [[nodiscard]] bool append(PartitionId partition, std::string_view payload, hub::AppendTicket ticket,
                            hub::AppendListener& listener) override;
  [[nodiscard]] hub::PartitionInfo info(PartitionId partition) const override {
    return segments_.info(partition.value());
  }
  [[nodiscard]] SequenceNumber resolve(PartitionId partition, hub::EventPosition position) const override;
  void read(PartitionId partition, SequenceNumber from, size_t events_max, size_t bytes_max, Executor& reply_on,
            hub::EventReply reply) override;
  uint64_t wait(PartitionId partition, SequenceNumber from, Executor& on, UniqueFunction<void()> ready) override;
  void cancel_wait(uint64_t handle) override { waiters_.cancel(handle); }

 private:
  struct Ground {
    Ground(LogDisk& d, store::embedded::LogOptions o, Metrics& m)
        : disk(d),
          options(std::move(o)),
          metrics(m),
          directory(d.files, options.directory),
          report(options.directory, metrics) {}
    LogDisk& disk;
    store::embedded::LogOptions options;
    store::embedded::LogMetrics metrics;
    store::embedded::LogDirectory directory;
    store::embedded::DamageReport report;
  };
  struct Read {
    PartitionId partition;
    SequenceNumber from;
    size_t events_max;
    size_t bytes_max;
    Executor* reply_on;
    hub::EventReply reply;
  };
  SimLog(std::unique_ptr<Ground> ground, store::embedded::RecoveredLog recovered, Scheduler& scheduler,
         TelemetryLedger& ledger);
  void report_all(TelemetryLedger& ledger);
  void plan_commit();
  void commit();
  void give_up(store::embedded::AppendBatch& batch, size_t first);
  void notify(const store::embedded::AppendBatch& batch, size_t first, size_t last, bool ok);
  void answer(uint64_t id);

  const std::unique_ptr<Ground> ground_;
  Scheduler& scheduler_;
  TelemetryLedger& ledger_;
  store::embedded::SegmentSet segments_;
  store::embedded::AppendQueue queue_;
  store::embedded::Committer committer_;
  store::embedded::TailWaiters waiters_;
  store::embedded::Housekeeper housekeeper_;
  store::embedded::EventReader reader_;
  std::map<uint64_t, Read> reads_;
  uint64_t last_read_ = 0;
  std::vector<std::string> waiting_;   // the payloads in the queue
  std::vector<std::string> payloads_;  // of the commit that is under way
  bool commit_planned_ = false;
  bool failed_ = false;
  bool dead_ = false;
  int64_t refuse_until_us_ = 0;
  const Life life_ = make_life();
};

}  // namespace nave::sim
