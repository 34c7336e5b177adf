#include "store/embedded/log/format.h"

#include "base/check.h"
#include "base/crc32c.h"

namespace nave::store::embedded {
namespace {

constexpr ByteView kSegmentMagic = "NAVESEG1";
constexpr uint32_t kVersion = 1;
constexpr size_t kBaseAt = 48;
constexpr size_t kBaseBytes = 16;
constexpr size_t kHeaderCrcAt = kSegmentHeaderBytes - 4;
static_assert(kBaseAt + kBaseBytes * limits::kPartitionsMax <= kHeaderCrcAt);

[[nodiscard]] uint32_t record_seed(uint32_t seed, uint64_t offset) {
  char at[8];
  store_le(at, offset);
  return crc32c(ByteView(at, sizeof at), seed);
}

[[nodiscard]] UtcTime time_at(const char* p) {
  return UtcTime{Ticks{load_le<int64_t>(p)}};
}

}  // namespace

std::string encode_segment_header(const SegmentHeader& header) {
  NAVE_CHECK(!header.base.empty() && header.base.size() <= limits::kPartitionsMax, "partition count");
  std::string out(kSegmentMagic);
  append_le(out, kVersion);
  append_le(out, static_cast<uint32_t>(header.base.size()));
  append_le(out, header.id);
  append_le(out, header.salt);
  append_le(out, header.first_commit);
  append_le(out, header.created.time_since_epoch().count());
  for (const PartitionEnd& end : header.base) {
    append_le(out, end.next_sequence);
    append_le(out, end.last_enqueued.time_since_epoch().count());
  }
  out.resize(kHeaderCrcAt);
  append_le(out, crc32c(out));
  return out;
}

std::optional<SegmentHeader> decode_segment_header(ByteView bytes) {
  if (bytes.size() < kSegmentHeaderBytes || bytes.substr(0, kSegmentMagic.size()) != kSegmentMagic) return {};
  const char* p = bytes.data();
  if (crc32c(bytes.substr(0, kHeaderCrcAt)) != load_le<uint32_t>(p + kHeaderCrcAt)) return {};
  if (load_le<uint32_t>(p + 8) != kVersion) return {};
  const auto partitions = load_le<uint32_t>(p + 12);
  if (partitions == 0 || partitions > limits::kPartitionsMax) return {};
  SegmentHeader header;
  header.id = load_le<uint64_t>(p + 16);
  header.salt = load_le<uint64_t>(p + 24);
  header.first_commit = load_le<uint64_t>(p + 32);
  header.created = time_at(p + 40);
  if (header.first_commit == 0) return {};
  for (size_t i = 0; i < partitions; ++i) {
    const char* base = p + kBaseAt + i * kBaseBytes;
    header.base.push_back({load_le<int64_t>(base), time_at(base + 8)});
    if (!is_sequence(header.base.back().next_sequence)) return {};
  }
  return header;
}

uint32_t salt_seed(uint64_t salt) {
  return record_seed(0, salt);
}

void append_record(std::string& out, const RecordHeader& header, ByteView payload) {
  char h[kRecordHeaderBytes] = {};
  store_le(h + 4, header.payload_crc);
  store_le(h + 8, static_cast<uint32_t>(payload.size()));
  store_le(h + 24, header.sequence);
  store_le(h + 32, header.enqueued.time_since_epoch().count());
  store_le(h + 40, header.partition);
  store_le(h + kRecordMagicAt, kRecordMagic);
  out.append(h, sizeof h);
  out.append(payload);
  out.append(record_bytes(payload.size()) - kRecordHeaderBytes - payload.size(), '\0');
}

void place_record(char* record, uint64_t commit, uint32_t commit_distance, uint32_t seed, uint64_t offset) {
  store_le(record + 12, commit_distance);
  store_le(record + 16, commit);
  store_le(record, crc32c(ByteView(record + 4, kRecordHeaderBytes - 4), record_seed(seed, offset)));
}

std::optional<RecordHeader> decode_record_header(ByteView bytes, uint32_t seed, uint64_t offset,
                                                 size_t partition_count) {
  if (bytes.size() < kRecordHeaderBytes) return {};
  const char* p = bytes.data();
  if (load_le<uint32_t>(p + kRecordMagicAt) != kRecordMagic) return {};
  if (crc32c(bytes.substr(4, kRecordHeaderBytes - 4), record_seed(seed, offset)) != load_le<uint32_t>(p)) return {};
  RecordHeader header;
  header.payload_crc = load_le<uint32_t>(p + 4);
  header.payload_bytes = load_le<uint32_t>(p + 8);
  header.commit_distance = load_le<uint32_t>(p + 12);
  header.commit = load_le<uint64_t>(p + 16);
  header.sequence = load_le<int64_t>(p + 24);
  header.enqueued = time_at(p + 32);
  header.partition = load_le<uint16_t>(p + 40);
  const bool partition_ok = header.partition < partition_count || header.is_mark();
  const bool place_ok =
      header.commit_distance <= offset - kSegmentDataStart && header.commit_distance % kRecordAlignment == 0;
  if (header.payload_bytes > limits::kEventRecordBytesMax || !partition_ok || !place_ok) return {};
  if (!is_sequence(header.sequence)) return {};
  return header;
}

}  // namespace nave::store::embedded
