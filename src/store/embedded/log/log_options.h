// What an operator and the tests can choose about the event log.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/function.h"
#include "store/embedded/durability.h"

namespace nave::store::embedded {

struct LogOptions {
  std::string directory;  // made if its parent exists
  // Of a new log. An existing one keeps its own.
  uint16_t partition_count = 4;

  std::chrono::milliseconds retention_time = std::chrono::hours(24);
  uint64_t retention_bytes = uint64_t{10} * 1024 * 1024 * 1024;  // all segments together

  uint64_t segment_bytes = 64 * 1024 * 1024;
  uint64_t first_segment_bytes = 4 * 1024 * 1024;  // of a new log: it is written whole before the log opens

  Durability durability = Durability::kDurable;

  // The shortest time between the starts of two commits when records trickle in: waiting gathers company, and the
  // commit is what costs. No wait when 64 records are there, or when waiting was found not to bring any.
  std::chrono::microseconds commit_wait{1000};

  // False: nothing happens on its own; the owner calls housekeep(). For tests.
  bool housekeeping_thread = true;

  // Called once, on a thread of the log's, after everything that waited was refused: the log takes no more.
  UniqueFunction<void(const std::string& why)> on_failure;
};

}  // namespace nave::store::embedded
