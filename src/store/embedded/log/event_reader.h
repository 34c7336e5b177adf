// Reads events from the segments and finds positions by time.
#pragma once

#include <string>

#include "hub/ports.h"
#include "store/embedded/log/damage_report.h"
#include "store/embedded/log/record_cursor.h"
#include "store/embedded/log/segment_set.h"

namespace nave::store::embedded {

// One thread at a time; threads have one each.
class EventReader {
 public:
  EventReader(const SegmentSet& segments, DamageReport& report) : segments_(segments), report_(report) {}

  // As hub::EventLog::read().
  [[nodiscard]] hub::EventBatch read(uint16_t partition, int64_t from, size_t events_max, size_t bytes_max);
  // The first event that is not older than `time`; the next sequence number if there is none.
  [[nodiscard]] int64_t find_time(uint16_t partition, UtcTime time);

 private:
  template <class Visitor>
  [[nodiscard]] bool visit(uint16_t partition, int64_t& next, size_t read_bytes, Visitor visitor);
  template <class Visitor>
  [[nodiscard]] bool visit_segment(const SegmentSet::Place& place, uint16_t partition, int64_t& next, size_t read_bytes,
                                   Visitor& visitor);
  [[nodiscard]] bool skip_damage(const Segment& segment, RecordCursor& cursor, uint64_t limit);

  const SegmentSet& segments_;
  DamageReport& report_;
  std::string buffer_;
  bool damaged_ = false;
};

}  // namespace nave::store::embedded
