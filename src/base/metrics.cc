#include "base/metrics.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <map>
#include <vector>

namespace nave {

void Histogram::observe_us(uint64_t us) {
  size_t i = 0;
  while (i + 1 < kBuckets && us > upper_us(i)) ++i;
  buckets_[i].fetch_add(1, std::memory_order_relaxed);
  count_.fetch_add(1, std::memory_order_relaxed);
  sum_us_.fetch_add(us, std::memory_order_relaxed);
}

Metrics::Entry& Metrics::entry(std::string_view name, std::string_view help, std::string_view labels,
                               Entry::Kind kind) {
  const std::lock_guard lock(mutex_);
  for (Entry& e : entries_) {
    if (e.name == name && e.labels == labels) return e;
  }
  Entry& e = entries_.emplace_back();
  e.name = name;
  e.help = help;
  e.labels = labels;
  e.kind = kind;
  return e;
}

Counter& Metrics::counter(std::string_view name, std::string_view help, std::string_view labels) {
  return entry(name, help, labels, Entry::Kind::kCounter).counter;
}
Gauge& Metrics::gauge(std::string_view name, std::string_view help, std::string_view labels) {
  return entry(name, help, labels, Entry::Kind::kGauge).gauge;
}
Histogram& Metrics::histogram(std::string_view name, std::string_view help, std::string_view labels) {
  return entry(name, help, labels, Entry::Kind::kHistogram).histogram;
}
void Metrics::gauge_function(std::string_view name, std::string_view help, UniqueFunction<int64_t()> read) {
  entry(name, help, "", Entry::Kind::kFunction).function = std::move(read);
}

namespace {

std::string seconds(uint64_t us) {
  std::array<char, 32> b{};
  const int n = std::snprintf(b.data(), b.size(), "%.6f", static_cast<double>(us) / 1e6);
  return {b.data(), static_cast<size_t>(n)};
}

std::string braces(const std::string& labels, const std::string& extra = "") {
  if (labels.empty() && extra.empty()) return "";
  return "{" + labels + (labels.empty() || extra.empty() ? "" : ",") + extra + "}";
}

void print_histogram(std::string& out, const std::string& name, const std::string& labels, const Histogram& h) {
  uint64_t cumulative = 0;
  for (size_t i = 0; i < Histogram::kBuckets; ++i) {
    cumulative += h.bucket(i);
    const std::string le =
        i + 1 == Histogram::kBuckets ? "le=\"+Inf\"" : "le=\"" + seconds(Histogram::upper_us(i)) + "\"";
    out += name + "_bucket" + braces(labels, le) + " " + std::to_string(cumulative) + "\n";
  }
  out += name + "_sum" + braces(labels) + " " + seconds(h.sum_us()) + "\n";
  out += name + "_count" + braces(labels) + " " + std::to_string(h.count()) + "\n";
}

}  // namespace

std::string Metrics::prometheus_text() {
  const std::lock_guard lock(mutex_);
  // The format wants all lines of one name together.
  std::map<std::string, std::vector<Entry*>> by_name;
  for (Entry& e : entries_) by_name[e.name].push_back(&e);
  std::string out;
  for (auto& [name, entries] : by_name) {
    const Entry::Kind kind = entries.front()->kind;
    const char* type = kind == Entry::Kind::kCounter     ? "counter"
                       : kind == Entry::Kind::kHistogram ? "histogram"
                                                         : "gauge";
    out += "# HELP " + name + " " + entries.front()->help + "\n# TYPE " + name + " " + type + "\n";
    for (Entry* e : entries) {
      switch (e->kind) {
        case Entry::Kind::kCounter:
          out += name + braces(e->labels) + " " + std::to_string(e->counter.value()) + "\n";
          break;
        case Entry::Kind::kGauge:
          out += name + braces(e->labels) + " " + std::to_string(e->gauge.value()) + "\n";
          break;
        case Entry::Kind::kFunction:
          out += name + braces(e->labels) + " " + std::to_string(e->function()) + "\n";
          break;
        case Entry::Kind::kHistogram:
          print_histogram(out, name, e->labels, e->histogram);
          break;
      }
    }
  }
  return out;
}

}  // namespace nave
