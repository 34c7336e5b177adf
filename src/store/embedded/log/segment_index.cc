#include "store/embedded/log/segment_index.h"

#include <algorithm>
#include <limits>

#include "base/crc32c.h"

namespace nave::store::embedded {

void SegmentIndex::add(uint16_t partition, int64_t sequence, uint64_t offset, UtcTime enqueued) {
  Partition& p = partitions_[partition];
  if (p.empty()) {
    p.first_sequence = sequence;
    p.first_enqueued = enqueued;
  }
  p.last_sequence = sequence;
  p.last_enqueued = enqueued;
  const int64_t distance = sequence - p.first_sequence;
  // A distance beyond 32 bits needs a hole left by damage; the position before it serves as well.
  const bool fits = distance <= std::numeric_limits<uint32_t>::max();
  if (p.empty() || (fits && offset - p.positions.back().offset >= spacing_bytes_)) {
    p.positions.push_back({static_cast<uint32_t>(distance), static_cast<uint32_t>(offset), enqueued});
  }
}

void SegmentIndex::thin(uint64_t spacing_bytes) {
  spacing_bytes_ = spacing_bytes;
  for (Partition& p : partitions_) {
    if (p.empty()) continue;
    uint64_t kept = p.positions.front().offset;
    const auto close = std::remove_if(p.positions.begin() + 1, p.positions.end(), [&](const Position& position) {
      if (position.offset - kept < spacing_bytes) return true;
      kept = position.offset;
      return false;
    });
    p.positions.erase(close, p.positions.end());
    p.positions.shrink_to_fit();
  }
}

uint64_t SegmentIndex::seek(uint16_t partition, int64_t sequence) const {
  const Partition& p = partitions_[partition];
  const auto after = std::upper_bound(
      p.positions.begin() + 1, p.positions.end(), sequence - p.first_sequence,
      [](int64_t distance, const Position& position) { return distance < int64_t{position.sequence_distance}; });
  return (after - 1)->offset;
}

int64_t SegmentIndex::sequence_before(uint16_t partition, UtcTime limit) const {
  const Partition& p = partitions_[partition];
  const auto after = std::lower_bound(p.positions.begin() + 1, p.positions.end(), limit,
                                      [](const Position& position, UtcTime t) { return position.enqueued < t; });
  return p.first_sequence + (after - 1)->sequence_distance;
}

UtcTime SegmentIndex::newest() const {
  UtcTime newest = kNever;
  for (const Partition& p : partitions_) newest = std::max(newest, p.last_enqueued);
  return newest;
}

namespace {
constexpr ByteView kMagic = "NAVEIDX1";
constexpr size_t kFixedBytes = 8 + 8 + 8 + 8 + 4 + 4;
}  // namespace

std::string encode_index(const SegmentIndex& index, uint64_t id, uint64_t salt, uint64_t end) {
  std::string out(kMagic);
  append_le(out, id);
  append_le(out, salt);
  append_le(out, end);
  append_le(out, static_cast<uint32_t>(index.partition_count()));
  for (size_t i = 0; i < index.partition_count(); ++i) {
    const SegmentIndex::Partition& p = index.partition(i);
    append_le(out, static_cast<uint32_t>(p.positions.size()));
    append_le(out, p.first_sequence);
    append_le(out, p.last_sequence);
    append_le(out, p.first_enqueued.time_since_epoch().count());
    append_le(out, p.last_enqueued.time_since_epoch().count());
    for (const SegmentIndex::Position& position : p.positions) {
      append_le(out, position.sequence_distance);
      append_le(out, position.offset);
      append_le(out, position.enqueued.time_since_epoch().count());
    }
  }
  append_le(out, crc32c(out));
  return out;
}

namespace {

// Takes numbers from the front of checksummed bytes; `ok` turns false at the first that is not there.
struct IndexReader {
  ByteView rest;
  bool ok = true;

  template <class Int>
  Int take() {
    if (rest.size() < sizeof(Int)) {
      ok = false;
      return Int{};
    }
    const Int v = load_le<Int>(rest.data());
    rest.remove_prefix(sizeof(Int));
    return v;
  }
  UtcTime take_time() { return UtcTime{Ticks{take<int64_t>()}}; }

  void take_partition(SegmentIndex::Partition& p) {
    const auto positions = take<uint32_t>();
    p.first_sequence = take<int64_t>();
    p.last_sequence = take<int64_t>();
    p.first_enqueued = take_time();
    p.last_enqueued = take_time();
    ok = ok && uint64_t{positions} * 16 <= rest.size();
    if (!ok) return;
    p.positions.reserve(positions);
    for (uint32_t i = 0; i < positions; ++i) {
      const auto distance = take<uint32_t>();
      const auto offset = take<uint32_t>();
      p.positions.push_back({distance, offset, take_time()});
    }
  }
};
}  // namespace

std::optional<IndexFile> decode_index(ByteView bytes, uint64_t id, uint64_t salt, size_t partition_count) {
  if (bytes.size() < kFixedBytes || bytes.substr(0, kMagic.size()) != kMagic) return {};
  const ByteView covered = bytes.substr(0, bytes.size() - 4);
  if (crc32c(covered) != load_le<uint32_t>(bytes.data() + covered.size())) return {};
  IndexReader reader{covered.substr(kMagic.size())};
  if (reader.take<uint64_t>() != id || reader.take<uint64_t>() != salt) return {};
  const auto end = reader.take<uint64_t>();
  if (reader.take<uint32_t>() != partition_count) return {};
  std::vector<SegmentIndex::Partition> partitions(partition_count);
  for (SegmentIndex::Partition& p : partitions) reader.take_partition(p);
  if (!reader.ok || !reader.rest.empty()) return {};
  return IndexFile{end, SegmentIndex(std::move(partitions))};
}

}  // namespace nave::store::embedded
