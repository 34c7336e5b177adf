#include "store/embedded/log/segment_scan.h"

#include <algorithm>

#include "store/embedded/log/record_cursor.h"

namespace nave::store::embedded {
namespace {

constexpr size_t kReadBytes = 1024 * 1024;

class Scanner {
 public:
  Scanner(File& file, const SegmentHeader& header, uint64_t size, bool sealed)
      : file_(file),
        header_(header),
        size_(size),
        sealed_(sealed),
        cursor_(file, header, kSegmentDataStart, size, buffer_, kReadBytes),
        scan_(header),
        raise_(header.base.size(), 0) {}

  SegmentScan run() {
    for (;;) {
      const bool record = cursor_.at_record() && acceptable(cursor_.header());
      if (record && take_whole()) continue;
      if (!acknowledged_until_) acknowledged_until_ = find_acknowledged_end();
      if (cursor_.offset() >= *acknowledged_until_) break;
      if (record) {
        skip_damaged_payload();
      } else {
        skip_damaged_bytes();
      }
    }
    scan_.end = cursor_.offset();
    scan_.highest_commit = std::max(scan_.highest_commit, scan_.last_commit);
    for (size_t p = 0; p < raise_.size(); ++p) scan_.ends[p].next_sequence += raise_[p];
    scan_.read_error = cursor_.read_error();
    return std::move(scan_);
  }

 private:
  [[nodiscard]] bool acceptable(const RecordHeader& h) const {
    if (h.commit < scan_.last_commit || (h.commit == scan_.last_commit && scan_.end == kSegmentDataStart)) return false;
    return h.is_mark() || h.sequence >= scan_.ends[h.partition].next_sequence;
  }

  // False if the payload is damaged.
  [[nodiscard]] bool take_whole() {
    const RecordHeader& h = cursor_.header();
    const auto payload = cursor_.payload();
    if (!payload) return false;
    if (h.is_mark()) {
      take_mark(*payload);
    } else {
      scan_.index.add(h.partition, h.sequence, cursor_.offset(), h.enqueued);
      count(h);
    }
    scan_.ends_with_mark = h.is_mark();
    move_past(h);
    return true;
  }

  void take_mark(ByteView payload) {
    if (payload.size() != scan_.ends.size() * 8) return;
    for (size_t p = 0; p < scan_.ends.size(); ++p) {
      const auto marked = load_le<int64_t>(payload.data() + 8 * p);
      int64_t& next = scan_.ends[p].next_sequence;
      if (is_sequence(marked)) next = std::max(next, marked);
      raise_[p] = 0;
    }
  }

  void count(const RecordHeader& h) {
    PartitionEnd& end = scan_.ends[h.partition];
    end.next_sequence = h.sequence + 1;
    end.last_enqueued = std::max(end.last_enqueued, h.enqueued);
    raise_[h.partition] = 0;
  }

  void move_past(const RecordHeader& h) {
    scan_.last_commit = h.commit;
    scan_.last_commit_start = cursor_.offset() - h.commit_distance;
    cursor_.advance();
    scan_.end = cursor_.offset();
  }

  void skip_damaged_payload() {
    const RecordHeader h = cursor_.header();
    scan_.damage.push_back({cursor_.offset(), record_bytes(h.payload_bytes)});
    if (!h.is_mark()) count(h);
    scan_.ends_with_mark = false;
    move_past(h);
  }

  // Nobody knows whose records these bytes held: every partition that does not turn up again may have had as many as
  // fit.
  void skip_damaged_bytes() {
    const uint64_t start = cursor_.offset();
    while (cursor_.resync() && !acceptable(cursor_.header())) {
    }
    cursor_.seek(std::min(cursor_.offset(), *acknowledged_until_));
    const uint64_t bytes = cursor_.offset() - start;
    scan_.damage.push_back({start, bytes});
    for (int64_t& raise : raise_) raise += static_cast<int64_t>(bytes / kRecordHeaderBytes);
    scan_.ends_with_mark = false;
    scan_.end = cursor_.offset();
  }

  // Damage before this position was acknowledged; what is not a record at or after it never was. The start of the last
  // commit, or in a sealed segment the last record.
  [[nodiscard]] uint64_t find_acknowledged_end() {
    std::string buffer;
    RecordCursor ahead(file_, header_, cursor_.offset(), size_, buffer, kReadBytes);
    uint64_t until = cursor_.offset();
    bool found = ahead.at_record() || ahead.resync();
    while (found) {
      const RecordHeader& h = ahead.header();
      if (sealed_ && acceptable(h)) until = ahead.offset();
      if (h.commit > std::max(scan_.highest_commit, scan_.last_commit)) {
        scan_.highest_commit = h.commit;
        if (!sealed_) until = std::max(until, ahead.offset() - h.commit_distance);
      }
      ahead.advance();
      found = ahead.at_record() || ahead.resync();
    }
    return until;
  }

  File& file_;
  const SegmentHeader& header_;
  const uint64_t size_;
  const bool sealed_;
  std::string buffer_;
  RecordCursor cursor_;
  SegmentScan scan_;
  std::vector<int64_t> raise_;
  std::optional<uint64_t> acknowledged_until_;
};

}  // namespace

SegmentScan scan_segment(File& file, const SegmentHeader& header, uint64_t size, bool sealed) {
  return Scanner(file, header, size, sealed).run();
}

}  // namespace nave::store::embedded
