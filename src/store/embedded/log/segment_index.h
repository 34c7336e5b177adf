// Where the records of each partition are in one segment: first and last, and a position every so many bytes. Kept in
// memory for every segment; saved beside a sealed one (docs/formats/event-log.md, "Index").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace nave::store::embedded {

// Sealed segments are read from their start or far back; in the active one readers follow the tail closely.
inline constexpr uint64_t kSealedSpacingBytes = 64 * 1024;
inline constexpr uint64_t kActiveSpacingBytes = 4 * 1024;

// Not thread-safe.
class SegmentIndex {
 public:
  struct Position {
    uint32_t sequence_distance;  // from the partition's first record
    uint32_t offset;             // in the file
    UtcTime enqueued;
    bool operator==(const Position&) const = default;
  };
  struct Partition {
    int64_t first_sequence = 0;
    int64_t last_sequence = -1;
    UtcTime first_enqueued = kNever;
    UtcTime last_enqueued = kNever;
    std::vector<Position> positions;
    [[nodiscard]] bool empty() const { return positions.empty(); }
    bool operator==(const Partition&) const = default;
  };

  explicit SegmentIndex(size_t partition_count, uint64_t spacing_bytes = kSealedSpacingBytes)
      : spacing_bytes_(spacing_bytes), partitions_(partition_count) {}
  explicit SegmentIndex(std::vector<Partition> partitions)
      : spacing_bytes_(kSealedSpacingBytes), partitions_(std::move(partitions)) {}

  // In file order.
  void add(uint16_t partition, int64_t sequence, uint64_t offset, UtcTime enqueued);
  // Drops positions that are closer together than `spacing_bytes`.
  void thin(uint64_t spacing_bytes);

  [[nodiscard]] const Partition& partition(size_t i) const { return partitions_[i]; }
  [[nodiscard]] size_t partition_count() const { return partitions_.size(); }
  // Where to begin looking for the first record of the partition with sequence ≥ `sequence`; there must be one.
  [[nodiscard]] uint64_t seek(uint16_t partition, int64_t sequence) const;
  // Of the last position before `limit`: its sequence number; looking on from there finds the limit itself.
  [[nodiscard]] int64_t sequence_before(uint16_t partition, UtcTime limit) const;
  // The newest record of all partitions, kNever if there is none.
  [[nodiscard]] UtcTime newest() const;
  bool operator==(const SegmentIndex& other) const { return partitions_ == other.partitions_; }

 private:
  uint64_t spacing_bytes_;
  std::vector<Partition> partitions_;
};

struct IndexFile {
  uint64_t end = 0;  // position after the last record
  SegmentIndex index;
};

[[nodiscard]] std::string encode_index(const SegmentIndex& index, uint64_t id, uint64_t salt, uint64_t end);
// nullopt if the bytes are damaged or belong to another segment.
[[nodiscard]] std::optional<IndexFile> decode_index(ByteView bytes, uint64_t id, uint64_t salt, size_t partition_count);

}  // namespace nave::store::embedded
