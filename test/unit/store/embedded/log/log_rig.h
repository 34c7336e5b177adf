// A segment log on files in memory that can be crashed, damaged and opened again.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "contract/event_log_helpers.h"
#include "store/embedded/log/segment_log.h"
#include "unit/store/embedded/log/faulty_file_system.h"

namespace nave::test {

struct LogRig {
  static constexpr int64_t kStartMs = 1'786'784'856'000;

  [[nodiscard]] store::embedded::LogOptions options() const {
    store::embedded::LogOptions o;
    o.directory = "/log";
    o.partition_count = partitions;
    o.segment_bytes = o.first_segment_bytes = segment_bytes;
    o.retention_time = retention_time;
    o.retention_bytes = retention_bytes;
    o.commit_wait = std::chrono::microseconds(0);
    o.housekeeping_thread = false;
    o.durability = durability;
    return o;
  }
  // Returns the error, empty if it opened.
  std::string open() {
    auto opened = store::embedded::SegmentLog::open(files, options(), clock, metrics);
    if (!opened) return opened.error();
    log = std::move(*opened);
    return {};
  }
  // As after kill -9: what was written is there, the closing mark is not.
  void crash() {
    files.set_dead(true);
    log.reset();
    files.set_dead(false);
  }
  void close() { log.reset(); }

  // Appends one by one, each in a commit of its own, until one is refused.
  size_t append(uint16_t partition, const std::vector<std::string>& payloads) {
    size_t acknowledged = 0;
    for (const std::string& payload : payloads) {
      auto recorder = std::make_unique<OutcomeRecorder>();
      OutcomeRecorder& r = *recorder;
      recorders.push_back(std::move(recorder));
      if (!log->append(PartitionId{partition}, payload, {}, r) || !r.wait_for(1) || !r.outcomes()[0].ok) break;
      ++acknowledged;
    }
    return acknowledged;
  }
  [[nodiscard]] std::vector<std::string> payloads(uint16_t partition) {
    std::vector<std::string> all;
    for (const ReadEvent& event : read_all(*log, partition)) all.push_back(event.payload);
    return all;
  }
  [[nodiscard]] uint64_t corrupt_records() { return metrics.counter("nave_log_corrupt_records_total", "").value(); }

  store::embedded::Durability durability = store::embedded::Durability::kDurable;
  uint16_t partitions = 2;
  uint64_t segment_bytes = 16 * 1024;
  std::chrono::milliseconds retention_time = std::chrono::hours(24);
  uint64_t retention_bytes = uint64_t{1} << 40;

  FaultyFileSystem files;
  ManualClock clock{from_unix_ms(kStartMs)};
  Metrics metrics;
  std::vector<std::unique_ptr<OutcomeRecorder>> recorders;
  std::unique_ptr<store::embedded::SegmentLog> log;
};

}  // namespace nave::test
