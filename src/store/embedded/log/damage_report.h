// Says once, in the log and in the metrics, where the event log is damaged.
#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "store/embedded/log/log_metrics.h"

namespace nave::store::embedded {

// Thread-safe.
class DamageReport {
 public:
  DamageReport(std::string directory, LogMetrics& metrics) : directory_(std::move(directory)), metrics_(metrics) {}
  // `bytes` of the segment from `offset` on; 0 if it is not known how many.
  void add(uint64_t segment_id, uint64_t offset, uint64_t bytes);

 private:
  static constexpr size_t kRememberedMax = 10'000;
  const std::string directory_;
  LogMetrics& metrics_;
  std::mutex mutex_;
  std::set<std::pair<uint64_t, uint64_t>> seen_;
};

}  // namespace nave::store::embedded
