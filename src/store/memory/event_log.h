// The event log without a disk: for `--memory`, tests and the simulator. Events live as long as the process, and the
// oldest go when there is no more room for them.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "hub/ports.h"

namespace nave::store::memory {

class MemoryEventLog final : public hub::EventLog {
 public:
  static constexpr size_t kKeptBytesMax = 256 * 1024 * 1024;

  // Listeners are called on `complete_on`, once for everything that was appended since it ran last; it must outlive the
  // log. `kept_bytes_max` bounds the payloads that are kept over all partitions.
  MemoryEventLog(uint16_t partition_count, const Clock& clock, Executor& complete_on,
                 size_t kept_bytes_max = kKeptBytesMax);
  ~MemoryEventLog() override;

  // Refuses appends from now on. On return no listener is being called, nor will be; not to be called by a listener.
  void stop();

  [[nodiscard]] uint16_t partition_count() const override { return static_cast<uint16_t>(partitions_.size()); }
  [[nodiscard]] bool append(PartitionId partition, std::string_view payload, hub::AppendTicket ticket,
                            hub::AppendListener& listener) override;
  [[nodiscard]] hub::PartitionInfo info(PartitionId partition) const override;
  [[nodiscard]] SequenceNumber resolve(PartitionId partition, hub::EventPosition position) const override;
  void read(PartitionId partition, SequenceNumber from, size_t events_max, size_t bytes_max, Executor& reply_on,
            hub::EventReply reply) override;
  uint64_t wait(PartitionId partition, SequenceNumber from, Executor& on, UniqueFunction<void()> ready) override;
  void cancel_wait(uint64_t handle) override;

 private:
  struct Event {
    UtcTime enqueued;
    std::string payload;
  };
  struct Partition {
    int64_t begin = 0;
    std::deque<Event> events;
    UtcTime last_enqueued = kNever;
    [[nodiscard]] int64_t next() const { return begin + static_cast<int64_t>(events.size()); }
  };
  struct Waiter {
    PartitionId partition;
    int64_t from;
    Executor* on;
    UniqueFunction<void()> ready;
  };
  class Completion;

  void drop_oldest();
  void wake(PartitionId partition, int64_t next);

  const Clock& clock_;
  const size_t kept_bytes_max_;
  std::shared_ptr<Completion> completion_;  // shared with what is still in the executor's queue

  mutable std::mutex mutex_;
  std::vector<Partition> partitions_;
  size_t kept_bytes_ = 0;
  std::deque<PartitionId> oldest_;  // the partition of every kept event, in append order
  std::map<uint64_t, Waiter> waiters_;
  uint64_t next_handle_ = 1;
};

}  // namespace nave::store::memory
