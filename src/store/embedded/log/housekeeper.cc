#include "store/embedded/log/housekeeper.h"

#include <chrono>

#include "base/log.h"

namespace nave::store::embedded {
namespace {

constexpr std::chrono::minutes kPause{1};

void warn(const IoResult<void>& result) {
  if (result) return;
  log::write_limited(log::Level::kWarning, log::Category::kStorage, "event-log-housekeeping",
                     "event log housekeeping failed", {{"error", result.error().text}});
}

}  // namespace

Housekeeper::Housekeeper(LogDirectory& directory, SegmentSet& segments, const Clock& clock, LogMetrics& metrics,
                         const LogOptions& options)
    : directory_(directory), segments_(segments), clock_(clock), metrics_(metrics), options_(options) {}

Housekeeper::~Housekeeper() {
  stop();
}

void Housekeeper::start() {
  thread_ = std::thread([this] { run(); });
}

void Housekeeper::wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_one();
}

void Housekeeper::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Housekeeper::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    woken_ = false;
    lock.unlock();
    run_once();
    lock.lock();
    changed_.wait_for(lock, kPause, [&] { return stopping_ || woken_; });
  }
}

void Housekeeper::run_once() {
  const std::lock_guard round(round_mutex_);
  save_indexes();
  expire();
  keep_spare();
}

void Housekeeper::save_indexes() {
  for (const SegmentPtr& segment : segments_.unsaved_indexes()) {
    const SegmentHeader& header = segment->header;
    auto file = directory_.files().create(directory_.at(index_name(header.id)));
    if (!file) return warn(fail(file.error()));
    // Sealed: nobody changes index and end any more.
    const std::string bytes = encode_index(segment->index, header.id, header.salt, segment->end);
    if (auto done = (*file)->write_at(0, bytes); !done) return warn(done);
    if (auto done = (*file)->sync_data(); !done) return warn(done);
    segments_.mark_saved(*segment);
  }
}

void Housekeeper::expire() {
  const UtcTime cutoff = clock_.utc() - options_.retention_time;
  while (SegmentPtr old = segments_.expire_one(cutoff, options_.retention_bytes)) {
    const uint64_t id = old->header.id;
    if (old->index_saved) warn(directory_.files().remove(directory_.at(index_name(id))));
    // A reader that still holds the segment must not see it turn into another one.
    const bool reusable = old.use_count() == 1 && old->size == options_.segment_bytes;
    warn(directory_.retire(id, reusable ? std::move(old->file) : nullptr));
    metrics_.segments.set(static_cast<int64_t>(segments_.count()));
  }
}

void Housekeeper::keep_spare() {
  if (segments_.fill() >= kSpareFromFillPercent && !directory_.has_spare()) {
    warn(directory_.make_spare(options_.segment_bytes));
  }
}

}  // namespace nave::store::embedded
