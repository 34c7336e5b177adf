// Makes batches durable: one write and one fdatasync (with Durability::kRelaxed: one a second at most), and a new
// segment when the active one is full.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/embedded/log/append_queue.h"
#include "store/embedded/log/log_directory.h"
#include "store/embedded/log/log_metrics.h"
#include "store/embedded/log/log_options.h"
#include "store/embedded/log/segment_set.h"

namespace nave::store::embedded {

// One thread at a time. After an error it must not be used again.
class Committer {
 public:
  // `next_commit` is above every commit number on the disk; `marked`: the log ends with a mark, or is empty.
  Committer(LogDirectory& directory, SegmentSet& segments, const Clock& clock, LogMetrics& metrics,
            const LogOptions& options, uint64_t next_commit, bool marked);

  // The longest payload that surely fits into a segment.
  [[nodiscard]] static size_t payload_bytes_max(const LogOptions& options);

  // Opens the first segment of a new log.
  [[nodiscard]] IoResult<void> start();
  // Makes as many records of the batch durable as fit into one segment, from record `first` on; they are published on
  // return. Gives the number of the first record that is left.
  [[nodiscard]] IoResult<size_t> commit(AppendBatch& batch, size_t first);
  // Writes a mark if anything was committed after the last one.
  [[nodiscard]] IoResult<void> mark();

 private:
  static constexpr uint64_t kBlockBytes = 4096;
  static constexpr int64_t kRelaxedSyncEveryMs = 1000;

  [[nodiscard]] IoResult<void> roll(uint64_t bytes, bool written);
  [[nodiscard]] size_t fitting(const AppendBatch& batch, size_t first) const;
  [[nodiscard]] IoResult<void> write(uint64_t offset, ByteView bytes);
  [[nodiscard]] size_t block_rest(uint64_t end) const;
  void place(AppendBatch& batch, size_t first, size_t last);

  LogDirectory& directory_;
  SegmentSet& segments_;
  const Clock& clock_;
  LogMetrics& metrics_;
  const uint64_t segment_bytes_;
  const uint64_t first_segment_bytes_;
  const Durability durability_;
  std::optional<int64_t> last_sync_ms_;
  uint64_t next_commit_;
  SegmentPtr active_;
  uint32_t seed_ = 0;
  uint64_t end_ = 0;
  bool marked_;
  std::vector<DurableRecord> placed_;
};

}  // namespace nave::store::embedded
