// Latencies of a run; exact, sorted once when asked.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace nave::bench {

class Samples {
 public:
  void add(int64_t ns) { values_.push_back(ns); }
  [[nodiscard]] size_t count() const { return values_.size(); }
  // In microseconds; 0 without samples.
  [[nodiscard]] double percentile_us(double share) {
    if (values_.empty()) return 0;
    const auto rank = static_cast<size_t>(share * static_cast<double>(values_.size() - 1));
    std::nth_element(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(rank), values_.end());
    return static_cast<double>(values_[rank]) / 1000.0;
  }

 private:
  std::vector<int64_t> values_;
};

}  // namespace nave::bench
