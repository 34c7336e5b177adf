#include "sim/log.h"

#include <algorithm>
#include <utility>

namespace nave::sim {

using store::embedded::AppendBatch;
using store::embedded::PendingRecord;

namespace {

// Small segments, so that a run rolls many times.
store::embedded::LogOptions log_options(uint16_t partitions) {
  store::embedded::LogOptions options;
  options.directory = "log";
  options.partition_count = partitions;
  options.retention_time = std::chrono::hours(24 * 365);
  options.segment_bytes = 64 * 1024;
  options.first_segment_bytes = 32 * 1024;
  options.commit_wait = std::chrono::microseconds(0);
  options.housekeeping_thread = false;
  return options;
}

}  // namespace

std::unique_ptr<SimLog> SimLog::open(LogDisk& disk, uint16_t partitions, Scheduler& scheduler, Metrics& metrics,
                                     TelemetryLedger& ledger) {
  auto ground = std::make_unique<Ground>(disk, log_options(partitions), metrics);
  auto recovered = store::embedded::recover_log(ground->directory, ground->options, ground->report);
  if (!recovered) return nullptr;
  const bool is_new = recovered->segments.empty();
  std::unique_ptr<SimLog> log(new SimLog(std::move(ground), std::move(*recovered), scheduler, ledger));
  if (auto done = is_new ? log->committer_.start() : log->committer_.mark(); !done) return nullptr;
  log->report_all(ledger);
  return log;
}

SimLog::SimLog(std::unique_ptr<Ground> ground, store::embedded::RecoveredLog recovered, Scheduler& scheduler,
               TelemetryLedger& ledger)
    : ground_(std::move(ground)),
      scheduler_(scheduler),
      ledger_(ledger),
      segments_(std::move(recovered.segments), recovered.ends),
      queue_(recovered.ends, store::embedded::Committer::payload_bytes_max(ground_->options),
             ground_->options.commit_wait, scheduler.clock),
      committer_(ground_->directory, segments_, scheduler.clock, ground_->metrics, ground_->options,
                 recovered.next_commit, recovered.marked),
      waiters_(recovered.ends.size()),
      housekeeper_(ground_->directory, segments_, scheduler.clock, ground_->metrics, ground_->options),
      reader_(segments_, ground_->report) {
  for (size_t p = 0; p < recovered.ends.size(); ++p) {
    waiters_.wake(static_cast<uint16_t>(p), recovered.ends[p].next_sequence);
  }
}

// What a restart finds is held against what was there before.
void SimLog::report_all(TelemetryLedger& ledger) {
  ledger.begin_recovery();
  for (uint16_t p = 0; p < partition_count(); ++p) {
    int64_t next = 0;
    const int64_t end = segments_.next_sequence(p);
    while (next < end) {
      const hub::EventBatch batch = reader_.read(p, next, 1000, 1024 * 1024);
      if (batch.events.empty()) break;
      for (const hub::StoredEvent& e : batch.events) ledger.on_stored(PartitionId{p}, e.sequence, e.payload);
      next = batch.next.value();
    }
  }
  ledger.end_recovery();
}

bool SimLog::append(PartitionId partition, std::string_view payload, hub::AppendTicket ticket,
                    hub::AppendListener& listener) {
  if (dead_ || failed_ || scheduler_.now() < refuse_until_us_) return false;
  if (!queue_.push(partition.value(), payload, ticket, listener)) return false;
  waiting_.emplace_back(payload);
  plan_commit();
  return true;
}

void SimLog::plan_commit() {
  if (commit_planned_ || waiting_.empty()) return;
  commit_planned_ = true;
  const bool slow = scheduler_.rng.one_in(50);
  scheduler_.after(slow ? scheduler_.rng.between(5, 300) * kMs : scheduler_.rng.between(100, 3 * kMs), life_, [this] {
    commit_planned_ = false;
    if (!dead_ && !failed_) commit();
  });
}

// As store::embedded::LogWriter does on its thread.
void SimLog::commit() {
  AppendBatch batch;
  if (waiting_.empty() || !queue_.take(batch)) return;
  payloads_.swap(waiting_);
  waiting_.clear();
  size_t first = 0;
  while (first < batch.records.size()) {
    const auto last = committer_.commit(batch, first);
    if (!last) return give_up(batch, first);
    notify(batch, first, *last, true);
    for (size_t i = first; i < *last; ++i) {
      const uint16_t partition = batch.records[i].partition;
      waiters_.wake(partition, segments_.next_sequence(partition));
    }
    first = *last;
  }
  queue_.release(batch);
}

void SimLog::give_up(AppendBatch& batch, size_t first) {
  failed_ = true;
  scheduler_.note("log failed");
  queue_.close();
  // A process that was killed tells nobody.
  if (!dead_) notify(batch, first, batch.records.size(), false);
  queue_.release(batch);
}

void SimLog::notify(const AppendBatch& batch, size_t first, size_t last, bool ok) {
  std::vector<std::pair<hub::AppendListener*, std::vector<hub::AppendOutcome>>> groups;
  for (size_t i = first; i < last; ++i) {
    const PendingRecord& r = batch.records[i];
    if (ok) ledger_.on_stored(PartitionId{r.partition}, SequenceNumber{r.sequence}, payloads_[i]);
    auto group = std::ranges::find(groups, r.listener, &decltype(groups)::value_type::first);
    if (group == groups.end()) group = groups.insert(group, {r.listener, {}});
    group->second.push_back({r.ticket, SequenceNumber{r.sequence}, ok});
  }
  scheduler_.note(ok ? "commit" : "lost", last - first);
  for (auto& [listener, outcomes] : groups) listener->on_appended(std::move(outcomes));
}

void SimLog::crash() {
  dead_ = true;
  test::FaultyFileSystem& files = ground_->disk.files;
  // Often the writer is in the middle of it, and dies at one of its next calls.
  if (!waiting_.empty() && !failed_ && !scheduler_.rng.one_in(3)) {
    files.die_at_call(1 + scheduler_.rng.below(4));
    AppendBatch batch;
    if (queue_.take(batch)) {
      for (size_t first = 0; first < batch.records.size();) {
        const auto last = committer_.commit(batch, first);
        if (!last) break;
        first = *last;
      }
    }
  }
  files.set_dead(true);
  reads_.clear();
}

SequenceNumber SimLog::resolve(PartitionId partition, hub::EventPosition position) const {
  using Kind = hub::EventPosition::Kind;
  const int64_t next = segments_.next_sequence(partition.value());
  switch (position.kind) {
    case Kind::kEarliest:
      return SequenceNumber{0};
    case Kind::kSequence:
    case Kind::kOffset:
      return SequenceNumber{std::min(next, position.value + (position.inclusive ? 0 : 1))};
    case Kind::kLatest:
    case Kind::kEnqueuedTime:  // no actor asks for times
      break;
  }
  return SequenceNumber{next};
}

void SimLog::read(PartitionId partition, SequenceNumber from, size_t events_max, size_t bytes_max, Executor& reply_on,
                  hub::EventReply reply) {
  const uint64_t id = ++last_read_;
  reads_.emplace(id, Read{partition, from, events_max, bytes_max, &reply_on, std::move(reply)});
  scheduler_.after(scheduler_.rng.between(50, 3 * kMs), life_, [this, id] { answer(id); });
}

void SimLog::answer(uint64_t id) {
  auto node = reads_.extract(id);
  if (node.empty()) return;
  Read& r = node.mapped();
  r.reply_on->post([reply = std::move(r.reply),
                    batch = reader_.read(r.partition.value(), r.from.value(), r.events_max, r.bytes_max)]() mutable {
    reply(std::move(batch));
  });
}

uint64_t SimLog::wait(PartitionId partition, SequenceNumber from, Executor& on, UniqueFunction<void()> ready) {
  return waiters_.wait(partition.value(), from.value(), on, std::move(ready));
}

}  // namespace nave::sim
