// Reads a whole segment without trusting it: what is in it, where it ends, what is damaged
// (docs/formats/event-log.md, "Recovery").
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "store/embedded/file.h"
#include "store/embedded/log/format.h"
#include "store/embedded/log/segment_index.h"

namespace nave::store::embedded {

// Acknowledged bytes that are no longer records.
struct Damage {
  uint64_t offset;
  uint64_t bytes;
};

struct SegmentScan {
  explicit SegmentScan(const SegmentHeader& header)
      : index(header.base.size(), kActiveSpacingBytes), ends(header.base), last_commit(header.first_commit - 1) {}

  SegmentIndex index;
  std::vector<PartitionEnd> ends;    // after the last record, damaged ones counted
  uint64_t end = kSegmentDataStart;  // position after the last record
  uint64_t last_commit;              // number of the last commit that is kept
  uint64_t last_commit_start = kSegmentDataStart;
  uint64_t highest_commit = 0;  // of all that is kept or cut
  bool ends_with_mark = false;
  std::vector<Damage> damage;
  std::optional<IoError> read_error;
};

// `sealed`: a later segment exists, so everything in this one was acknowledged and nothing is cut.
[[nodiscard]] SegmentScan scan_segment(File& file, const SegmentHeader& header, uint64_t size, bool sealed);

}  // namespace nave::store::embedded
