#include "store/embedded/log/append_queue.h"

#include <algorithm>

#include "base/crc32c.h"

namespace nave::store::embedded {

AppendQueue::AppendQueue(std::vector<PartitionEnd> ends, size_t payload_bytes_max,
                         std::chrono::microseconds commit_wait, const Clock& clock)
    : payload_bytes_max_(payload_bytes_max), commit_wait_(commit_wait), clock_(clock), ends_(std::move(ends)) {
  for (const PartitionEnd& end : ends_) last_enqueued_ = std::max(last_enqueued_, end.last_enqueued);
}

bool AppendQueue::push(uint16_t partition, ByteView payload, hub::AppendTicket ticket, hub::AppendListener& listener) {
  if (payload.size() > payload_bytes_max_) return false;
  RecordHeader header;
  header.payload_crc = crc32c(payload);  // outside the lock
  header.partition = partition;
  const size_t bytes = record_bytes(payload.size());

  const std::lock_guard lock(mutex_);
  if (closed_ || taken_bytes_ + waiting_.bytes.size() + bytes > limits::kLogPendingBytesMax) return false;
  last_enqueued_ = std::max(last_enqueued_, clock_.utc());
  PartitionEnd& end = ends_.at(partition);
  header.sequence = end.next_sequence++;
  header.enqueued = last_enqueued_;
  waiting_.records.push_back({ticket, &listener, header.sequence, header.enqueued,
                              static_cast<uint32_t>(waiting_.bytes.size()), static_cast<uint32_t>(bytes), partition});
  append_record(waiting_.bytes, header, payload);
  if (writer_idle_ || (writer_gathers_ && waiting_.records.size() == kEnoughRecords)) filled_.notify_one();
  return true;
}

bool AppendQueue::take(AppendBatch& batch) {
  std::unique_lock lock(mutex_);
  writer_idle_ = true;
  filled_.wait(lock, [&] { return closed_ || !waiting_.records.empty(); });
  writer_idle_ = false;
  if (waiting_.records.empty()) return false;
  gather_company(lock);
  std::swap(batch, waiting_);
  taken_bytes_ = batch.bytes.size();
  last_take_ = std::chrono::steady_clock::now();
  return true;
}

// At a low rate the commit is what costs, not the record, so commits keep a distance. A single sender that waits for
// each acknowledgement gains nothing from that: after some waits in vain there is none for a while.
void AppendQueue::gather_company(std::unique_lock<std::mutex>& lock) {
  const SteadyTime until = last_take_ + commit_wait_;
  const size_t before = waiting_.records.size();
  if (closed_ || before >= kEnoughRecords || std::chrono::steady_clock::now() >= until) return;
  if (vain_waits_ >= kVainWaitsMax) {
    if (++takes_without_wait_ < kTakesWithoutWait) return;
    takes_without_wait_ = 0;
    vain_waits_ = kVainWaitsMax - 1;
  }
  writer_gathers_ = true;
  filled_.wait_until(lock, until, [&] { return closed_ || waiting_.records.size() >= kEnoughRecords; });
  writer_gathers_ = false;
  vain_waits_ = waiting_.records.size() > before ? 0 : vain_waits_ + 1;
}

void AppendQueue::release(AppendBatch& batch) {
  batch.records.clear();
  batch.bytes.clear();
  if (batch.bytes.capacity() > kKeptBytes) batch = {};
  const std::lock_guard lock(mutex_);
  taken_bytes_ = 0;
}

void AppendQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  filled_.notify_all();
}

size_t AppendQueue::pending_bytes() const {
  const std::lock_guard lock(mutex_);
  return taken_bytes_ + waiting_.bytes.size();
}

}  // namespace nave::store::embedded
