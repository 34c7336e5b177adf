#include "store/embedded/log/record_cursor.h"

#include <algorithm>

#include "base/crc32c.h"

namespace nave::store::embedded {
namespace {
// What is tried piece by piece when a larger read fails.
constexpr size_t kPieceBytes = 4096;
}  // namespace

RecordCursor::RecordCursor(File& file, const SegmentHeader& header, uint64_t offset, uint64_t limit,
                           std::string& buffer, size_t read_bytes)
    : file_(file),
      seed_(salt_seed(header.salt)),
      partition_count_(header.base.size()),
      offset_(offset),
      limit_(limit),
      buffer_(buffer),
      read_bytes_(read_bytes) {}

void RecordCursor::fill(uint64_t offset, size_t n) {
  buffer_start_ = offset;
  buffer_bytes_ = static_cast<size_t>(std::min<uint64_t>(std::max(n, read_bytes_), limit_ - offset));
  if (buffer_.size() < buffer_bytes_) buffer_.resize(buffer_bytes_);
  auto got = file_.read_at(offset, {buffer_.data(), buffer_bytes_});
  if (got) {
    std::fill(buffer_.data() + *got, buffer_.data() + buffer_bytes_, '\0');
    return;
  }
  if (!read_error_) read_error_ = got.error();
  for (size_t at = 0; at < buffer_bytes_; at += kPieceBytes) {
    const size_t piece = std::min(kPieceBytes, buffer_bytes_ - at);
    got = file_.read_at(offset + at, {buffer_.data() + at, piece});
    std::fill(buffer_.data() + at + got.value_or(0), buffer_.data() + at + piece, '\0');
  }
}

ByteView RecordCursor::bytes_at(uint64_t offset, size_t n) {
  if (offset > limit_ || limit_ - offset < n) return {};
  if (offset < buffer_start_ || offset + n > buffer_start_ + buffer_bytes_) fill(offset, n);
  return ByteView(buffer_).substr(static_cast<size_t>(offset - buffer_start_), n);
}

bool RecordCursor::at_record() {
  const auto header = decode_record_header(bytes_at(offset_, kRecordHeaderBytes), seed_, offset_, partition_count_);
  if (!header || record_bytes(header->payload_bytes) > limit_ - offset_) return false;
  header_ = *header;
  return true;
}

std::optional<ByteView> RecordCursor::payload() {
  const ByteView record = bytes_at(offset_, kRecordHeaderBytes + header_.payload_bytes);
  const ByteView payload = record.substr(kRecordHeaderBytes);
  if (crc32c(payload) != header_.payload_crc) return {};
  return payload;
}

bool RecordCursor::resync() {
  for (;;) {
    offset_ += kRecordAlignment;
    const ByteView bytes = bytes_at(offset_, kRecordHeaderBytes);
    if (bytes.empty()) return false;
    if (load_le<uint32_t>(bytes.data() + kRecordMagicAt) == kRecordMagic && at_record()) return true;
  }
}

}  // namespace nave::store::embedded
