#include "store/embedded/log/committer.h"

#include <algorithm>
#include <chrono>

#include "base/crc32c.h"
#include "base/random.h"

namespace nave::store::embedded {

Committer::Committer(LogDirectory& directory, SegmentSet& segments, const Clock& clock, LogMetrics& metrics,
                     const LogOptions& options, uint64_t next_commit, bool marked)
    : directory_(directory),
      segments_(segments),
      clock_(clock),
      metrics_(metrics),
      segment_bytes_(options.segment_bytes),
      first_segment_bytes_(std::min(options.first_segment_bytes, options.segment_bytes)),
      durability_(options.durability),
      next_commit_(next_commit),
      active_(segments.active()),
      marked_(marked) {
  if (!active_) return;
  seed_ = salt_seed(active_->header.salt);
  end_ = active_->end;
}

size_t Committer::payload_bytes_max(const LogOptions& options) {
  const uint64_t smallest = std::min(options.segment_bytes, options.first_segment_bytes);
  const uint64_t room = smallest - kSegmentDataStart - kRecordHeaderBytes - kRecordAlignment;
  return static_cast<size_t>(std::min<uint64_t>(room, limits::kEventRecordBytesMax));
}

IoResult<void> Committer::start() {
  return roll(first_segment_bytes_, true);
}

IoResult<void> Committer::roll(uint64_t bytes, bool written) {
  SegmentHeader header;
  header.id = active_ ? active_->header.id + 1 : 1;
  header.salt = random_u64();
  header.first_commit = next_commit_;
  header.created = clock_.utc();
  header.base = segments_.ends();
  auto file = directory_.take_next(bytes, written);
  if (!file) return fail(file.error());
  const auto size = (*file)->size();
  if (!size) return fail(size.error());
  const std::string copy = encode_segment_header(header);
  if (auto done = (*file)->write_at(0, copy + copy); !done) return done;
  if (auto done = (*file)->sync_data(); !done) return done;
  const std::string name = directory_.at(segment_name(header.id));
  if (auto done = directory_.files().rename(directory_.at(kNextName), name); !done) return done;
  if (auto done = directory_.sync(); !done) return done;

  SegmentIndex index(header.base.size(), kActiveSpacingBytes);
  active_ = std::make_shared<Segment>(std::move(header), std::move(*file), *size, std::move(index), kSegmentDataStart);
  seed_ = salt_seed(active_->header.salt);
  end_ = kSegmentDataStart;
  segments_.push(active_);
  metrics_.segments.set(static_cast<int64_t>(segments_.count()));
  return {};
}

size_t Committer::fitting(const AppendBatch& batch, size_t first) const {
  uint64_t room = active_->size - end_;
  size_t last = first;
  while (last < batch.records.size() && batch.records[last].bytes <= room) room -= batch.records[last++].bytes;
  return last;
}

void Committer::place(AppendBatch& batch, size_t first, size_t last) {
  placed_.clear();
  const uint32_t start = batch.records[first].offset;
  for (size_t i = first; i < last; ++i) {
    const PendingRecord& r = batch.records[i];
    const uint32_t distance = r.offset - start;
    place_record(batch.bytes.data() + r.offset, next_commit_, distance, seed_, end_ + distance);
    placed_.push_back({r.partition, r.sequence, end_ + distance, r.enqueued});
  }
}

IoResult<size_t> Committer::commit(AppendBatch& batch, size_t first) {
  size_t last = fitting(batch, first);
  if (last == first) {
    if (auto done = roll(segment_bytes_, false); !done) return fail(done.error());
    last = fitting(batch, first);
  }
  place(batch, first, last);
  const uint32_t start = batch.records[first].offset;
  const uint32_t bytes = batch.records[last - 1].offset + batch.records[last - 1].bytes - start;
  // After what does not fit comes the next segment's; otherwise the batch ends here and may grow.
  const size_t fill = last == batch.records.size() ? block_rest(end_ + bytes) : 0;
  batch.bytes.append(fill, '\0');
  if (auto done = write(end_, ByteView(batch.bytes).substr(start, bytes + fill)); !done) return fail(done.error());
  ++next_commit_;
  end_ += bytes;
  marked_ = false;
  segments_.publish(end_, placed_);
  metrics_.commit_records.set(static_cast<int64_t>(last - first));
  metrics_.records.add(last - first);
  metrics_.bytes.add(bytes);
  return last;
}

// Whole blocks are written: the kernel would have to read the rest of a block of a recycled file first.
size_t Committer::block_rest(uint64_t end) const {
  const uint64_t block_end = (end + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
  return static_cast<size_t>(std::min(block_end, active_->size) - end);
}

IoResult<void> Committer::write(uint64_t offset, ByteView bytes) {
  if (auto done = active_->file->write_at(offset, bytes); !done) return done;
  if (durability_ == Durability::kRelaxed) {
    const int64_t now = clock_.steady_ms();
    if (last_sync_ms_ && now - *last_sync_ms_ < kRelaxedSyncEveryMs) return {};
    last_sync_ms_ = now;
  }
  const auto before = std::chrono::steady_clock::now();
  if (auto done = active_->file->sync_data(); !done) return done;
  const auto took = std::chrono::steady_clock::now() - before;
  metrics_.commit_seconds.observe_us(
      static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
  return {};
}

IoResult<void> Committer::mark() {
  if (marked_) return {};
  std::string payload;
  for (const PartitionEnd& end : segments_.ends()) append_le(payload, end.next_sequence);
  if (active_->size - end_ < record_bytes(payload.size())) {
    if (auto done = roll(segment_bytes_, false); !done) return done;
  }
  RecordHeader header;
  header.partition = kMarkPartition;
  header.payload_crc = crc32c(payload);
  header.enqueued = clock_.utc();
  std::string record;
  append_record(record, header, payload);
  place_record(record.data(), next_commit_, 0, seed_, end_);
  const size_t bytes = record.size();
  record.append(block_rest(end_ + bytes), '\0');
  if (auto done = write(end_, record); !done) return done;
  ++next_commit_;
  end_ += bytes;
  segments_.publish(end_, {});
  marked_ = true;
  return {};
}

}  // namespace nave::store::embedded
