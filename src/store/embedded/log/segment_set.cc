#include "store/embedded/log/segment_set.h"

#include <algorithm>

namespace nave::store::embedded {

SegmentSet::SegmentSet(std::deque<SegmentPtr> segments, std::vector<PartitionEnd> ends)
    : partition_count_(ends.size()), segments_(std::move(segments)), ends_(std::move(ends)) {
  for (const SegmentPtr& segment : segments_) total_bytes_ += segment->size;
}

void SegmentSet::push(SegmentPtr segment) {
  const std::lock_guard lock(mutex_);
  if (!segments_.empty()) segments_.back()->index.thin(kSealedSpacingBytes);
  total_bytes_ += segment->size;
  segments_.push_back(std::move(segment));
}

void SegmentSet::publish(uint64_t end, std::span<const DurableRecord> records) {
  const std::lock_guard lock(mutex_);
  Segment& active = *segments_.back();
  active.end = end;
  for (const DurableRecord& r : records) {
    active.index.add(r.partition, r.sequence, r.offset, r.enqueued);
    ends_[r.partition] = {r.sequence + 1, r.enqueued};
  }
}

SegmentPtr SegmentSet::active() const {
  const std::lock_guard lock(mutex_);
  return segments_.empty() ? nullptr : segments_.back();
}

std::vector<PartitionEnd> SegmentSet::ends() const {
  const std::lock_guard lock(mutex_);
  return ends_;
}

hub::PartitionInfo SegmentSet::info(uint16_t partition) const {
  const std::lock_guard lock(mutex_);
  const PartitionEnd& end = ends_.at(partition);
  hub::PartitionInfo info;
  info.begin_sequence = SequenceNumber{segments_.front()->header.base[partition].next_sequence};
  info.last_sequence = SequenceNumber{end.next_sequence - 1};
  info.last_offset = end.next_sequence - 1;
  info.last_enqueued = end.last_enqueued;
  return info;
}

int64_t SegmentSet::next_sequence(uint16_t partition) const {
  const std::lock_guard lock(mutex_);
  return ends_.at(partition).next_sequence;
}

std::optional<SegmentSet::Place> SegmentSet::find(uint16_t partition, int64_t from) const {
  const std::lock_guard lock(mutex_);
  // The newest segment that begins at or before `from` has it, or the next one in which the partition occurs.
  auto it = std::upper_bound(segments_.begin(), segments_.end(), from, [&](int64_t seq, const SegmentPtr& s) {
    return seq < s->header.base[partition].next_sequence;
  });
  if (it != segments_.begin()) --it;
  for (; it != segments_.end(); ++it) {
    const SegmentIndex::Partition& p = (*it)->index.partition(partition);
    if (p.empty() || p.last_sequence < from) continue;
    return Place{*it, (*it)->index.seek(partition, from), (*it)->end, p.last_sequence};
  }
  return {};
}

uint64_t SegmentSet::seek(const Segment& segment, uint16_t partition, int64_t from) const {
  const std::lock_guard lock(mutex_);
  return segment.index.seek(partition, from);
}

std::optional<int64_t> SegmentSet::sequence_near(uint16_t partition, UtcTime time) const {
  const std::lock_guard lock(mutex_);
  for (const SegmentPtr& segment : segments_) {
    const SegmentIndex::Partition& p = segment->index.partition(partition);
    if (!p.empty() && p.last_enqueued >= time) return segment->index.sequence_before(partition, time);
  }
  return {};
}

std::vector<SegmentPtr> SegmentSet::unsaved_indexes() const {
  const std::lock_guard lock(mutex_);
  std::vector<SegmentPtr> unsaved;
  for (size_t i = 0; i + 1 < segments_.size(); ++i) {
    if (!segments_[i]->index_saved) unsaved.push_back(segments_[i]);
  }
  return unsaved;
}

void SegmentSet::mark_saved(Segment& segment) {
  const std::lock_guard lock(mutex_);
  segment.index_saved = true;
}

SegmentPtr SegmentSet::expire_one(UtcTime cutoff, uint64_t bytes_max) {
  const std::lock_guard lock(mutex_);
  if (segments_.size() < 2) return nullptr;
  SegmentPtr oldest = segments_.front();
  const UtcTime newest_record = std::max(oldest->index.newest(), oldest->header.created);
  if (newest_record >= cutoff && total_bytes_ <= bytes_max) return nullptr;
  segments_.pop_front();
  total_bytes_ -= oldest->size;
  return oldest;
}

size_t SegmentSet::count() const {
  const std::lock_guard lock(mutex_);
  return segments_.size();
}

unsigned SegmentSet::fill() const {
  const std::lock_guard lock(mutex_);
  return segments_.empty() ? 0 : static_cast<unsigned>(segments_.back()->end * 100 / segments_.back()->size);
}

}  // namespace nave::store::embedded
