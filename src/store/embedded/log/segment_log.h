// The durable event log: hub::EventLog over segment files (docs/formats/event-log.md).
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"
#include "hub/ports.h"
#include "store/embedded/log/append_queue.h"
#include "store/embedded/log/committer.h"
#include "store/embedded/log/damage_report.h"
#include "store/embedded/log/housekeeper.h"
#include "store/embedded/log/log_directory.h"
#include "store/embedded/log/log_metrics.h"
#include "store/embedded/log/log_options.h"
#include "store/embedded/log/log_writer.h"
#include "store/embedded/log/read_thread.h"
#include "store/embedded/log/recovery.h"
#include "store/embedded/log/segment_set.h"
#include "store/embedded/log/tail_waiters.h"

namespace nave::store::embedded {

class SegmentLog final : public hub::EventLog {
 public:
  // Recovers what is in the folder, or begins a new log. `files`, `clock` and `metrics` outlive the log. The error is
  // one line that names the file and what the system said. Nobody else may have the folder open (the caller sees to
  // it).
  [[nodiscard]] static Result<std::unique_ptr<SegmentLog>, std::string> open(FileSystem& files, LogOptions options,
                                                                             const Clock& clock, Metrics& metrics);
  // stop()s.
  ~SegmentLog() override;

  // Makes durable what was appended, calls its listeners, refuses appends from now on, answers the reads that wait, and
  // joins the threads. After it no executor and no listener is used. Not to be called by a listener.
  void stop();
  // True once a write or a sync has failed: appends are refused, reads go on.
  [[nodiscard]] bool failed() const { return writer_.failed(); }
  // Saves indexes, drops what is too old and keeps a spare segment, as the log's own thread does once a minute.
  void housekeep() { housekeeper_.run_once(); }

  [[nodiscard]] uint16_t partition_count() const override { return static_cast<uint16_t>(segments_.partition_count()); }
  // Besides: false for a payload above limits::kEventRecordBytesMax.
  [[nodiscard]] bool append(PartitionId partition, std::string_view payload, hub::AppendTicket ticket,
                            hub::AppendListener& listener) override;
  [[nodiscard]] hub::PartitionInfo info(PartitionId partition) const override;
  [[nodiscard]] SequenceNumber resolve(PartitionId partition, hub::EventPosition position) const override;
  void read(PartitionId partition, SequenceNumber from, size_t events_max, size_t bytes_max, Executor& reply_on,
            hub::EventReply reply) override;
  uint64_t wait(PartitionId partition, SequenceNumber from, Executor& on, UniqueFunction<void()> ready) override;
  void cancel_wait(uint64_t handle) override;

 private:
  // What recovery needs before the log itself can be made.
  struct Ground {
    Ground(FileSystem& files, LogOptions o, Metrics& m)
        : options(std::move(o)), metrics(m), directory(files, options.directory), report(options.directory, metrics) {}
    LogOptions options;
    LogMetrics metrics;
    LogDirectory directory;
    DamageReport report;
  };
  SegmentLog(std::unique_ptr<Ground> ground, RecoveredLog recovered, const Clock& clock);
  [[nodiscard]] IoResult<void> start(bool is_new);

  const std::unique_ptr<Ground> ground_;
  SegmentSet segments_;
  AppendQueue queue_;
  Committer committer_;
  TailWaiters waiters_;
  Housekeeper housekeeper_;
  LogWriter writer_;
  ReadThread read_thread_;
};

}  // namespace nave::store::embedded
