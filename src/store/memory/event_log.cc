#include "store/memory/event_log.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/limits.h"

namespace nave::store::memory {

using hub::AppendListener;
using hub::AppendOutcome;
using hub::EventPosition;

// What waits for the executor; outlives the log if the executor's queue does.
class MemoryEventLog::Completion : public std::enable_shared_from_this<MemoryEventLog::Completion> {
 public:
  explicit Completion(Executor& executor) : executor_(executor) {}

  [[nodiscard]] bool reserve(size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (stopped_ || pending_bytes_ + bytes > limits::kLogPendingBytesMax) return false;
    pending_bytes_ += bytes;
    return true;
  }

  void add(AppendListener& listener, const AppendOutcome& outcome) {
    bool post = false;
    {
      const std::lock_guard lock(mutex_);
      auto group =
          std::find_if(groups_.begin(), groups_.end(), [&](const Group& g) { return g.listener == &listener; });
      if (group == groups_.end()) group = groups_.insert(groups_.end(), Group{&listener, {}});
      group->outcomes.push_back(outcome);
      post = !posted_;
      posted_ = true;
    }
    if (post) executor_.post([self = shared_from_this()] { self->deliver(); });
  }

  void stop() {
    const std::lock_guard delivery(delivery_mutex_);
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    groups_.clear();
  }

 private:
  struct Group {
    AppendListener* listener;
    std::vector<AppendOutcome> outcomes;
  };

  void deliver() {
    const std::lock_guard delivery(delivery_mutex_);
    std::vector<Group> groups;
    {
      const std::lock_guard lock(mutex_);
      groups.swap(groups_);
      posted_ = false;
      pending_bytes_ = 0;
    }
    for (Group& group : groups) group.listener->on_appended(std::move(group.outcomes));
  }

  Executor& executor_;
  std::mutex delivery_mutex_;  // held while listeners run; taken before mutex_
  std::mutex mutex_;
  std::vector<Group> groups_;
  size_t pending_bytes_ = 0;
  bool posted_ = false;
  bool stopped_ = false;
};

MemoryEventLog::MemoryEventLog(uint16_t partition_count, const Clock& clock, Executor& complete_on,
                               size_t kept_bytes_max)
    : clock_(clock),
      kept_bytes_max_(kept_bytes_max),
      completion_(std::make_shared<Completion>(complete_on)),
      partitions_(partition_count) {
  NAVE_CHECK(partition_count > 0, "a log has at least one partition");
}

MemoryEventLog::~MemoryEventLog() {
  stop();
}

void MemoryEventLog::stop() {
  completion_->stop();
}

bool MemoryEventLog::append(PartitionId partition, std::string_view payload, hub::AppendTicket ticket,
                            AppendListener& listener) {
  if (payload.size() > limits::kEventRecordBytesMax || !completion_->reserve(payload.size())) return false;
  const std::lock_guard lock(mutex_);
  Partition& p = partitions_.at(partition.value());
  const SequenceNumber sequence{p.next()};
  p.last_enqueued = std::max(clock_.utc(), p.last_enqueued);
  p.events.push_back(Event{p.last_enqueued, std::string(payload)});
  oldest_.push_back(partition);
  kept_bytes_ += payload.size();
  drop_oldest();
  // Inside the lock, so that outcomes of one partition keep their order.
  completion_->add(listener, AppendOutcome{ticket, sequence, true});
  wake(partition, p.next());
  return true;
}

void MemoryEventLog::drop_oldest() {
  while (kept_bytes_ > kept_bytes_max_ && oldest_.size() > 1) {
    Partition& p = partitions_[oldest_.front().value()];
    oldest_.pop_front();
    kept_bytes_ -= p.events.front().payload.size();
    p.events.pop_front();
    ++p.begin;
  }
}

void MemoryEventLog::wake(PartitionId partition, int64_t next) {
  for (auto it = waiters_.begin(); it != waiters_.end();) {
    Waiter& waiter = it->second;
    if (waiter.partition == partition && waiter.from < next) {
      waiter.on->post(std::move(waiter.ready));
      it = waiters_.erase(it);
    } else {
      ++it;
    }
  }
}

hub::PartitionInfo MemoryEventLog::info(PartitionId partition) const {
  const std::lock_guard lock(mutex_);
  const Partition& p = partitions_.at(partition.value());
  return {SequenceNumber{p.begin}, SequenceNumber{p.next() - 1}, p.next() - 1, p.last_enqueued};
}

SequenceNumber MemoryEventLog::resolve(PartitionId partition, EventPosition position) const {
  const std::lock_guard lock(mutex_);
  const Partition& p = partitions_.at(partition.value());
  switch (position.kind) {
    case EventPosition::Kind::kEarliest:
      return SequenceNumber{p.begin};
    case EventPosition::Kind::kLatest:
      return SequenceNumber{p.next()};
    case EventPosition::Kind::kSequence:
    case EventPosition::Kind::kOffset: {
      if (position.value >= p.next()) return SequenceNumber{p.next()};
      return SequenceNumber{std::max(p.begin, position.value + (position.inclusive ? 0 : 1))};
    }
    case EventPosition::Kind::kEnqueuedTime:
      break;
  }
  const auto first = std::partition_point(p.events.begin(), p.events.end(), [&](const Event& e) {
    const int64_t ms = unix_ms(e.enqueued);
    return position.inclusive ? ms < position.value : ms <= position.value;
  });
  return SequenceNumber{p.begin + (first - p.events.begin())};
}

void MemoryEventLog::read(PartitionId partition, SequenceNumber from, size_t events_max, size_t bytes_max,
                          Executor& reply_on, hub::EventReply reply) {
  hub::EventBatch batch;
  {
    const std::lock_guard lock(mutex_);
    const Partition& p = partitions_.at(partition.value());
    const int64_t begin = std::max(from.value(), p.begin);
    int64_t end = begin;
    size_t bytes = 0;
    while (end < p.next() && static_cast<size_t>(end - begin) < events_max && (end == begin || bytes < bytes_max)) {
      bytes += p.events[static_cast<size_t>(end - p.begin)].payload.size();
      ++end;
    }
    auto all = std::make_shared<std::string>();
    all->reserve(bytes);
    for (int64_t i = begin; i < end; ++i) *all += p.events[static_cast<size_t>(i - p.begin)].payload;
    size_t at = 0;
    for (int64_t i = begin; i < end; ++i) {
      const Event& event = p.events[static_cast<size_t>(i - p.begin)];
      batch.events.push_back(
          {SequenceNumber{i}, event.enqueued, std::string_view(*all).substr(at, event.payload.size())});
      at += event.payload.size();
    }
    batch.bytes = std::move(all);
    batch.next = SequenceNumber{end};
  }
  reply_on.post([batch = std::move(batch), reply = std::move(reply)]() mutable { reply(std::move(batch)); });
}

uint64_t MemoryEventLog::wait(PartitionId partition, SequenceNumber from, Executor& on, UniqueFunction<void()> ready) {
  const std::lock_guard lock(mutex_);
  const uint64_t handle = next_handle_++;
  if (from.value() < partitions_.at(partition.value()).next()) {
    on.post(std::move(ready));
  } else {
    waiters_.emplace(handle, Waiter{partition, from.value(), &on, std::move(ready)});
  }
  return handle;
}

void MemoryEventLog::cancel_wait(uint64_t handle) {
  const std::lock_guard lock(mutex_);
  waiters_.erase(handle);
}

}  // namespace nave::store::memory
