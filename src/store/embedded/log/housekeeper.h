// What the log does beside committing: saves the indexes of sealed segments, lets old segments go, keeps a spare one.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "store/embedded/log/log_directory.h"
#include "store/embedded/log/log_metrics.h"
#include "store/embedded/log/log_options.h"
#include "store/embedded/log/segment_set.h"

namespace nave::store::embedded {

// Thread-safe. Its failures are logged and otherwise harmless: what it does only saves time and space.
class Housekeeper {
 public:
  // Below this a new log that is hardly used does not take the space of a second segment.
  static constexpr unsigned kSpareFromFillPercent = 10;

  Housekeeper(LogDirectory& directory, SegmentSet& segments, const Clock& clock, LogMetrics& metrics,
              const LogOptions& options);
  ~Housekeeper();
  Housekeeper(const Housekeeper&) = delete;
  Housekeeper& operator=(const Housekeeper&) = delete;

  void start();  // a thread that runs once a minute and after wake()
  void wake();
  void stop();
  // One round, on the caller's thread.
  void run_once();

 private:
  void run();
  void save_indexes();
  void expire();
  void keep_spare();

  LogDirectory& directory_;
  SegmentSet& segments_;
  const Clock& clock_;
  LogMetrics& metrics_;
  const LogOptions& options_;

  std::mutex round_mutex_;  // one round at a time
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace nave::store::embedded
