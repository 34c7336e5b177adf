// Walks over the records of a segment and checks them; finds the next one after damaged bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "store/embedded/file.h"
#include "store/embedded/log/format.h"

namespace nave::store::embedded {

// Reads through `buffer`, which the caller lends so that it can be used again. Not thread-safe.
class RecordCursor {
 public:
  // Nothing at or beyond `limit` is looked at.
  RecordCursor(File& file, const SegmentHeader& header, uint64_t offset, uint64_t limit, std::string& buffer,
               size_t read_bytes);

  // Whether there is a record header at offset(), of a record that ends by `limit`. header() is valid if so.
  [[nodiscard]] bool at_record();
  [[nodiscard]] const RecordHeader& header() const { return header_; }
  // The payload of the record at offset(), after at_record(); nullopt if its checksum is wrong. Valid until the next
  // call.
  [[nodiscard]] std::optional<ByteView> payload();
  // To the end of the record at offset().
  void advance() { offset_ += record_bytes(header_.payload_bytes); }
  // To the first place after offset() where at_record() holds; false if there is none.
  [[nodiscard]] bool resync();
  void seek(uint64_t offset) { offset_ = offset; }
  [[nodiscard]] uint64_t offset() const { return offset_; }

  // The first read error; what cannot be read counts as zeros, so as damage.
  [[nodiscard]] const std::optional<IoError>& read_error() const { return read_error_; }

 private:
  [[nodiscard]] ByteView bytes_at(uint64_t offset, size_t n);
  void fill(uint64_t offset, size_t n);

  File& file_;
  const uint32_t seed_;
  const size_t partition_count_;
  uint64_t offset_;
  const uint64_t limit_;
  std::string& buffer_;
  const size_t read_bytes_;
  uint64_t buffer_start_ = 0;
  size_t buffer_bytes_ = 0;
  RecordHeader header_;
  std::optional<IoError> read_error_;
};

}  // namespace nave::store::embedded
