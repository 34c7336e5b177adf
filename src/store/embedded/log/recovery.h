// Opens the segments that an earlier run left, whatever state it left them in (docs/formats/event-log.md, "Recovery").
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "store/embedded/log/damage_report.h"
#include "store/embedded/log/log_directory.h"
#include "store/embedded/log/log_options.h"
#include "store/embedded/log/segment_set.h"

namespace nave::store::embedded {

struct RecoveredLog {
  std::deque<SegmentPtr> segments;  // empty: a new log
  std::vector<PartitionEnd> ends;   // as many as the log has partitions
  uint64_t next_commit = 1;
  bool marked = true;  // nothing follows the last mark
};

// On return everything in it is on stable storage, and names of files that are not the log's any more are gone. An
// error means that the disk cannot be read or written: damage alone is not an error.
[[nodiscard]] IoResult<RecoveredLog> recover_log(LogDirectory& directory, const LogOptions& options,
                                                 DamageReport& report);

}  // namespace nave::store::embedded
