#include "store/embedded/log/event_reader.h"

#include <algorithm>

#include "store/embedded/log/record_cursor.h"

namespace nave::store::embedded {
namespace {
constexpr size_t kReadBytesMin = 16 * 1024;
constexpr size_t kReadBytesMax = 256 * 1024;
// Other partitions' records that are stepped over before the index is asked for a jump.
constexpr uint64_t kForeignBytesMax = kSealedSpacingBytes;

// What a visitor says about the record it was shown.
enum class Step : uint8_t { kGoOn, kLastOne, kNotThisOne };
}  // namespace

// Calls visitor(header, payload) for whole records of the partition from `next` on and moves `next` behind each; true:
// the end was reached before the visitor had enough.
template <class Visitor>
bool EventReader::visit(uint16_t partition, int64_t& next, size_t read_bytes, Visitor visitor) {
  for (;;) {
    const int64_t durable = segments_.next_sequence(partition);
    const auto place = segments_.find(partition, next);
    if (!place) {
      next = std::max(next, durable);
      return true;
    }
    if (!visit_segment(*place, partition, next, read_bytes, visitor)) return false;
  }
}

template <class Visitor>
bool EventReader::visit_segment(const SegmentSet::Place& place, uint16_t partition, int64_t& next, size_t read_bytes,
                                Visitor& visitor) {
  const Segment& segment = *place.segment;
  RecordCursor cursor(*segment.file, segment.header, place.offset, place.limit, buffer_, read_bytes);
  uint64_t foreign_since = place.offset;
  while (next <= place.last_sequence) {
    if (!cursor.at_record()) {
      if (skip_damage(segment, cursor, place.limit)) continue;
      break;
    }
    const RecordHeader header = cursor.header();
    if (header.partition == partition && header.sequence >= next) {
      Step step = Step::kGoOn;
      const auto payload = cursor.payload();
      if (payload) {
        step = visitor(header, *payload);
        if (step == Step::kNotThisOne) return false;
      } else {
        damaged_ = true;
        report_.add(segment.header.id, cursor.offset(), record_bytes(header.payload_bytes));
      }
      next = header.sequence + 1;
      if (step == Step::kLastOne) return false;
      foreign_since = cursor.offset();
    }
    cursor.advance();
    if (cursor.offset() - foreign_since > kForeignBytesMax) {
      cursor.seek(std::max(cursor.offset(), segments_.seek(segment, partition, next)));
      foreign_since = cursor.offset();
    }
  }
  next = std::max(next, place.last_sequence + 1);
  return true;
}

// False: there is no record before `limit`.
bool EventReader::skip_damage(const Segment& segment, RecordCursor& cursor, uint64_t limit) {
  const uint64_t start = cursor.offset();
  const bool found = cursor.resync();
  damaged_ = true;
  report_.add(segment.header.id, start, std::min(cursor.offset(), limit) - start);
  return found;
}

hub::EventBatch EventReader::read(uint16_t partition, int64_t from, size_t events_max, size_t bytes_max) {
  struct Taken {
    int64_t sequence;
    UtcTime enqueued;
    size_t end;  // in the bytes
  };
  std::vector<Taken> taken;
  auto bytes = std::make_shared<std::string>();
  int64_t next = std::max(from, segments_.info(partition).begin_sequence.value());
  damaged_ = false;
  if (events_max > 0) {
    const size_t read_bytes = std::clamp(bytes_max, kReadBytesMin, kReadBytesMax);
    (void)visit(partition, next, read_bytes, [&](const RecordHeader& header, ByteView payload) {
      bytes->append(payload);
      taken.push_back({header.sequence, header.enqueued, bytes->size()});
      return taken.size() >= events_max || bytes->size() >= bytes_max ? Step::kLastOne : Step::kGoOn;
    });
  }
  hub::EventBatch batch;
  batch.events.reserve(taken.size());
  size_t at = 0;
  for (const Taken& t : taken) {
    batch.events.push_back({SequenceNumber{t.sequence}, t.enqueued, ByteView(*bytes).substr(at, t.end - at)});
    at = t.end;
  }
  batch.bytes = std::move(bytes);
  batch.next = SequenceNumber{next};
  batch.skipped_corrupt = damaged_;
  return batch;
}

int64_t EventReader::find_time(uint16_t partition, UtcTime time) {
  auto near = segments_.sequence_near(partition, time);
  if (!near) return segments_.next_sequence(partition);
  int64_t next = *near;
  (void)visit(partition, next, kReadBytesMin, [&](const RecordHeader& header, ByteView) {
    return header.enqueued < time ? Step::kGoOn : Step::kNotThisOne;
  });
  return next;
}

}  // namespace nave::store::embedded
