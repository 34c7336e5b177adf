#include "store/embedded/log/log_writer.h"

#include <unordered_map>
#include <utility>

#include "base/log.h"

namespace nave::store::embedded {

LogWriter::LogWriter(AppendQueue& queue, Committer& committer, SegmentSet& segments, TailWaiters& waiters,
                     Housekeeper& housekeeper, LogMetrics& metrics,
                     UniqueFunction<void(const std::string& why)> on_failure)
    : queue_(queue),
      committer_(committer),
      segments_(segments),
      waiters_(waiters),
      housekeeper_(housekeeper),
      metrics_(metrics),
      on_failure_(std::move(on_failure)),
      segments_seen_(segments.count()),
      next_(segments.partition_count(), 0) {}

LogWriter::~LogWriter() {
  stop();
}

void LogWriter::start() {
  thread_ = std::thread([this] { run(); });
}

void LogWriter::stop() {
  queue_.close();
  if (!thread_.joinable()) return;
  thread_.join();
  if (failed_) return;
  if (auto done = committer_.mark(); !done) {
    log::write(log::Level::kError, log::Category::kStorage, "event log could not be closed in good order",
               {{"error", done.error().text}});
  }
}

void LogWriter::run() {
  AppendBatch batch;
  while (queue_.take(batch)) {
    metrics_.pending_bytes.set(static_cast<int64_t>(queue_.pending_bytes()));
    if (!commit(batch)) return;
    queue_.release(batch);
    metrics_.pending_bytes.set(static_cast<int64_t>(queue_.pending_bytes()));
    wake_housekeeper();
  }
}

bool LogWriter::commit(AppendBatch& batch) {
  size_t first = 0;
  while (first < batch.records.size()) {
    const auto last = committer_.commit(batch, first);
    if (!last) {
      give_up(batch, first, last.error());
      return false;
    }
    notify(batch, first, *last, true);
    wake_waiters(batch, first, *last);
    first = *last;
  }
  return true;
}

void LogWriter::notify(const AppendBatch& batch, size_t first, size_t last, bool ok) {
  struct Group {
    hub::AppendListener* listener;
    std::vector<hub::AppendOutcome> outcomes;
  };
  std::vector<Group> groups;
  std::unordered_map<hub::AppendListener*, size_t> group_of;
  size_t current = 0;
  for (size_t i = first; i < last; ++i) {
    const PendingRecord& r = batch.records[i];
    if (groups.empty() || groups[current].listener != r.listener) {
      const auto [found, is_new] = group_of.try_emplace(r.listener, groups.size());
      current = found->second;
      if (is_new) groups.push_back({r.listener, {}});
    }
    groups[current].outcomes.push_back({r.ticket, SequenceNumber{r.sequence}, ok});
  }
  for (Group& group : groups) group.listener->on_appended(std::move(group.outcomes));
}

void LogWriter::wake_waiters(const AppendBatch& batch, size_t first, size_t last) {
  for (size_t i = first; i < last; ++i) next_[batch.records[i].partition] = batch.records[i].sequence + 1;
  for (size_t p = 0; p < next_.size(); ++p) {
    if (std::exchange(next_[p], 0) > 0)
      waiters_.wake(static_cast<uint16_t>(p), segments_.next_sequence(static_cast<uint16_t>(p)));
  }
}

void LogWriter::wake_housekeeper() {
  const size_t count = segments_.count();
  const bool sealed = count != segments_seen_;
  if (sealed) spare_asked_ = false;
  const bool spare = !spare_asked_ && segments_.fill() >= Housekeeper::kSpareFromFillPercent;
  if (!sealed && !spare) return;
  segments_seen_ = count;
  spare_asked_ = spare_asked_ || spare;
  housekeeper_.wake();
}

void LogWriter::give_up(AppendBatch& batch, size_t first, const IoError& error) {
  failed_ = true;
  log::write(log::Level::kError, log::Category::kStorage, "event log cannot be written and takes no more events",
             {{"error", error.text}});
  queue_.close();
  notify(batch, first, batch.records.size(), false);
  queue_.release(batch);
  while (queue_.take(batch)) {
    notify(batch, 0, batch.records.size(), false);
    queue_.release(batch);
  }
  metrics_.pending_bytes.set(0);
  if (on_failure_) on_failure_(error.text);
}

}  // namespace nave::store::embedded
