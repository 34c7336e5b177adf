// Counters, gauges and histograms with Prometheus text output. Names are Azure's with dots turned into underscores
// where Azure has the metric, nave_* otherwise.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>

#include "base/function.h"

namespace nave {

// All members are thread-safe and wait-free; relaxed order is enough for a statistic.
class Counter {
 public:
  void add(uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  [[nodiscard]] uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

class Gauge {
 public:
  void set(int64_t v) { value_.store(v, std::memory_order_relaxed); }
  void add(int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  [[nodiscard]] int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

// Durations in microseconds, buckets doubling from 16 µs to about 8 s.
class Histogram {
 public:
  static constexpr size_t kBuckets = 20;
  void observe_us(uint64_t us);
  [[nodiscard]] static uint64_t upper_us(size_t bucket) { return uint64_t{16} << bucket; }
  [[nodiscard]] uint64_t bucket(size_t i) const { return buckets_[i].load(std::memory_order_relaxed); }
  [[nodiscard]] uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  [[nodiscard]] uint64_t sum_us() const { return sum_us_.load(std::memory_order_relaxed); }

 private:
  std::array<std::atomic<uint64_t>, kBuckets> buckets_{};
  std::atomic<uint64_t> count_{0};
  std::atomic<uint64_t> sum_us_{0};
};

// Owns every metric for the life of the process. Registering is done while wiring; references stay valid for the life
// of the registry. `labels` is the inside of the braces, e.g. `result="ok"`, or empty.
class Metrics {
 public:
  Counter& counter(std::string_view name, std::string_view help, std::string_view labels = "");
  Gauge& gauge(std::string_view name, std::string_view help, std::string_view labels = "");
  Histogram& histogram(std::string_view name, std::string_view help, std::string_view labels = "");
  // Evaluated at each scrape, on the scraping thread.
  void gauge_function(std::string_view name, std::string_view help, UniqueFunction<int64_t()> read);

  [[nodiscard]] std::string prometheus_text();

 private:
  struct Entry {
    std::string name, help, labels;
    enum class Kind : uint8_t { kCounter, kGauge, kHistogram, kFunction } kind;
    Counter counter;
    Gauge gauge;
    Histogram histogram;
    UniqueFunction<int64_t()> function;
  };
  Entry& entry(std::string_view name, std::string_view help, std::string_view labels, Entry::Kind kind);

  std::mutex mutex_;
  std::deque<Entry> entries_;
};

}  // namespace nave
