// The segments of the log and how far each partition is durable: what readers see. The committer publishes to it after
// each fdatasync, so nothing here is ever ahead of the disk.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "hub/ports.h"
#include "store/embedded/file.h"
#include "store/embedded/log/format.h"
#include "store/embedded/log/segment_index.h"

namespace nave::store::embedded {

struct Segment {
  Segment(SegmentHeader h, std::unique_ptr<File> f, uint64_t bytes, SegmentIndex i, uint64_t e)
      : header(std::move(h)), size(bytes), file(std::move(f)), index(std::move(i)), end(e) {}

  const SegmentHeader header;
  const uint64_t size;
  std::unique_ptr<File> file;  // taken away only when nobody else holds the segment

  // Guarded by the set's mutex.
  SegmentIndex index;
  uint64_t end;  // after the last durable record
  bool index_saved = false;
};
// Shared by the set and by readers, which go on reading a segment that expires meanwhile.
using SegmentPtr = std::shared_ptr<Segment>;

struct DurableRecord {
  uint16_t partition;
  int64_t sequence;
  uint64_t offset;
  UtcTime enqueued;
};

// Thread-safe.
class SegmentSet {
 public:
  // By id; the last one is the active one. Empty for a new log, until push().
  SegmentSet(std::deque<SegmentPtr> segments, std::vector<PartitionEnd> ends);

  // What a committer does.
  void push(SegmentPtr segment);  // seals the active one
  void publish(uint64_t end, std::span<const DurableRecord> records);
  [[nodiscard]] SegmentPtr active() const;
  [[nodiscard]] std::vector<PartitionEnd> ends() const;

  // What readers do.
  [[nodiscard]] size_t partition_count() const { return partition_count_; }
  [[nodiscard]] hub::PartitionInfo info(uint16_t partition) const;
  [[nodiscard]] int64_t next_sequence(uint16_t partition) const;
  struct Place {
    SegmentPtr segment;
    uint64_t offset;        // begin looking here
    uint64_t limit;         // and end here
    int64_t last_sequence;  // of the partition in this segment
  };
  // Where the first kept record of the partition with sequence ≥ `from` is; nullopt: at the end.
  [[nodiscard]] std::optional<Place> find(uint16_t partition, int64_t from) const;
  // As find() in this one segment, for going on from the middle of it.
  [[nodiscard]] uint64_t seek(const Segment& segment, uint16_t partition, int64_t from) const;
  // A sequence number at or before the first record that is not older than `time`; nullopt if there is none.
  [[nodiscard]] std::optional<int64_t> sequence_near(uint16_t partition, UtcTime time) const;

  // What the housekeeper does.
  [[nodiscard]] std::vector<SegmentPtr> unsaved_indexes() const;
  void mark_saved(Segment& segment);
  // Takes the oldest segment out if its records are all older than `cutoff` or all segments exceed `bytes_max`.
  [[nodiscard]] SegmentPtr expire_one(UtcTime cutoff, uint64_t bytes_max);
  [[nodiscard]] size_t count() const;
  // Of the active segment, in percent.
  [[nodiscard]] unsigned fill() const;

 private:
  const size_t partition_count_;
  mutable std::mutex mutex_;
  std::deque<SegmentPtr> segments_;
  std::vector<PartitionEnd> ends_;
  uint64_t total_bytes_ = 0;
};

}  // namespace nave::store::embedded
