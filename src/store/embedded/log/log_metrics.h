// What the event log counts.
#pragma once

#include "base/metrics.h"

namespace nave::store::embedded {

struct LogMetrics {
  explicit LogMetrics(Metrics& m)
      : commit_seconds(m.histogram("nave_log_commit_seconds", "Duration of the event log's fdatasync")),
        commit_records(m.gauge("nave_log_commit_records", "Records in the event log's last commit")),
        pending_bytes(m.gauge("nave_log_pending_bytes", "Bytes appended to the event log and not yet durable")),
        records(m.counter("nave_log_records_total", "Records made durable by the event log")),
        bytes(m.counter("nave_log_bytes_total", "Bytes made durable by the event log")),
        corrupt_records(m.counter("nave_log_corrupt_records_total", "Damaged places found in the event log")),
        segments(m.gauge("nave_log_segments", "Segments of the event log, the active one included")) {}

  Histogram& commit_seconds;
  Gauge& commit_records;
  Gauge& pending_bytes;
  Counter& records;
  Counter& bytes;
  Counter& corrupt_records;
  Gauge& segments;
};

}  // namespace nave::store::embedded
