// The bytes of a segment: its header and the header of a record (docs/formats/event-log.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/time.h"

namespace nave::store::embedded {

inline constexpr size_t kSegmentHeaderBytes = 4096;
inline constexpr uint64_t kSegmentDataStart = 2 * kSegmentHeaderBytes;  // after both copies of the header
inline constexpr size_t kRecordHeaderBytes = 48;
inline constexpr size_t kRecordAlignment = 8;
inline constexpr uint32_t kRecordMagic = 0x4345524E;  // "NREC"
inline constexpr size_t kRecordMagicAt = 44;
inline constexpr uint16_t kMarkPartition = 0xFFFF;

// Far beyond any real one, and safe to count on from.
[[nodiscard]] constexpr bool is_sequence(int64_t v) {
  return v >= 0 && v < int64_t{1} << 62;
}

// How far a partition has come.
struct PartitionEnd {
  int64_t next_sequence = 0;
  UtcTime last_enqueued = kNever;
  bool operator==(const PartitionEnd&) const = default;
};

struct SegmentHeader {
  uint64_t id = 0;
  uint64_t salt = 0;
  uint64_t first_commit = 1;  // lowest commit number in it; never 0
  UtcTime created = kNever;
  std::vector<PartitionEnd> base;  // one per partition: how far it had come before this segment
  bool operator==(const SegmentHeader&) const = default;
};

// One copy, kSegmentHeaderBytes long.
[[nodiscard]] std::string encode_segment_header(const SegmentHeader& header);
[[nodiscard]] std::optional<SegmentHeader> decode_segment_header(ByteView bytes);

struct RecordHeader {
  uint32_t payload_crc = 0;
  uint32_t payload_bytes = 0;
  uint32_t commit_distance = 0;  // from the commit's first record to this one
  uint64_t commit = 0;
  int64_t sequence = 0;
  UtcTime enqueued = kNever;
  uint16_t partition = 0;
  [[nodiscard]] bool is_mark() const { return partition == kMarkPartition; }
};

[[nodiscard]] constexpr size_t record_bytes(size_t payload_bytes) {
  return (kRecordHeaderBytes + payload_bytes + kRecordAlignment - 1) & ~(kRecordAlignment - 1);
}

// What every record checksum of a segment starts from.
[[nodiscard]] uint32_t salt_seed(uint64_t salt);

// Appends header and payload; what depends on the place in the log is still missing.
void append_record(std::string& out, const RecordHeader& header, ByteView payload);
// Fills in commit, commit_distance and the header's checksum for a record at `offset` of the file.
void place_record(char* record, uint64_t commit, uint32_t commit_distance, uint32_t seed, uint64_t offset);

// `bytes` begins with a record header that was placed at `offset`; nullopt if its checksum or a field says otherwise.
// The payload is not looked at.
[[nodiscard]] std::optional<RecordHeader> decode_record_header(ByteView bytes, uint32_t seed, uint64_t offset,
                                                               size_t partition_count);

}  // namespace nave::store::embedded
