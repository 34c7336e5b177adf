// The bytes of docs/formats/event-log.md.
#include "store/embedded/log/format.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/crc32c.h"

namespace nave::test {
namespace {

using namespace store::embedded;

// The segment and the record of the page's worked example.
SegmentHeader example_segment() {
  SegmentHeader header;
  header.id = 1;
  header.salt = 0x1122334455667788;
  header.first_commit = 1;
  header.created = from_unix_ms(1'786'784'856'000);
  header.base = {PartitionEnd{}, PartitionEnd{}};
  return header;
}

std::string example_record() {
  RecordHeader header;
  header.payload_crc = crc32c("hello");
  header.sequence = 0;
  header.enqueued = from_unix_ms(1'786'784'856'123);
  header.partition = 1;
  std::string record;
  append_record(record, header, "hello");
  place_record(record.data(), 1, 0, salt_seed(example_segment().salt), kSegmentDataStart);
  return record;
}

// The hexadecimal digits of every line of the page's example that begins with `label`.
std::string documented(const std::string& label) {
  std::ifstream page(std::string(NAVE_SOURCE_DIR) + "/docs/formats/event-log.md");
  std::string digits;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with(label + " ")) continue;
    for (const char c : line.substr(label.size() + 6)) {
      if (c == '|') break;
      if (c != ' ') digits += c;
    }
  }
  return digits;
}

TEST(LogFormat, TheWorkedExampleIsTrue) {
  const std::string header = encode_segment_header(example_segment());
  ASSERT_EQ(header.size(), kSegmentHeaderBytes);
  EXPECT_EQ(to_hex(header.substr(0, 80)), documented("segment"));
  EXPECT_EQ(header.substr(80, 4092 - 80), std::string(4092 - 80, '\0'));
  EXPECT_EQ(to_hex(header.substr(4092)), documented("checksum"));
  EXPECT_EQ(to_hex(example_record()), documented("record"));
}

TEST(LogFormat, ASegmentHeaderComesBack) {
  SegmentHeader header = example_segment();
  header.base.assign(128, PartitionEnd{7, from_unix_ms(5)});
  EXPECT_EQ(decode_segment_header(encode_segment_header(header)), header);
}

TEST(LogFormat, AnyChangedByteOfASegmentHeaderIsNoticed) {
  const std::string header = encode_segment_header(example_segment());
  for (size_t at = 0; at < header.size(); ++at) {
    std::string changed = header;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_FALSE(decode_segment_header(changed)) << at;
  }
  EXPECT_FALSE(decode_segment_header(header.substr(1)));
}

TEST(LogFormat, RecordsAreMultiplesOfEight) {
  EXPECT_EQ(record_bytes(0), 48u);
  EXPECT_EQ(record_bytes(1), 56u);
  EXPECT_EQ(record_bytes(8), 56u);
  EXPECT_EQ(record_bytes(9), 64u);
}

TEST(LogFormat, ARecordHoldsOnlyAtItsPlaceInItsSegment) {
  const std::string record = example_record();
  const uint32_t seed = salt_seed(example_segment().salt);
  const auto header = decode_record_header(record, seed, kSegmentDataStart, 2);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->payload_bytes, 5u);
  EXPECT_EQ(header->payload_crc, crc32c("hello"));
  EXPECT_EQ(header->commit, 1u);
  EXPECT_EQ(header->partition, 1);
  EXPECT_EQ(header->enqueued, from_unix_ms(1'786'784'856'123));
  EXPECT_FALSE(decode_record_header(record, seed, kSegmentDataStart + 8, 2));
  EXPECT_FALSE(decode_record_header(record, salt_seed(1), kSegmentDataStart, 2));
  EXPECT_FALSE(decode_record_header(record, seed, kSegmentDataStart, 1)) << "no such partition";
  EXPECT_FALSE(decode_record_header(record.substr(0, 47), seed, kSegmentDataStart, 2));
}

// A right checksum over an impossible field.
TEST(LogFormat, ImpossibleFieldsAreNoRecord) {
  const uint32_t seed = salt_seed(1);
  const uint64_t offset = kSegmentDataStart + 80;
  const auto accepted = [&](size_t payload_bytes, uint32_t distance, int64_t sequence) {
    RecordHeader header;
    header.sequence = sequence;
    std::string record;
    append_record(record, header, std::string(payload_bytes, 'x'));
    place_record(record.data(), 1, distance, seed, offset);
    return decode_record_header(record, seed, offset, 1).has_value();
  };
  EXPECT_TRUE(accepted(limits::kEventRecordBytesMax, 80, 0));
  EXPECT_FALSE(accepted(limits::kEventRecordBytesMax + 1, 80, 0));
  EXPECT_FALSE(accepted(1, 88, 0)) << "the commit would begin in the segment's header";
  EXPECT_FALSE(accepted(1, 76, 0));
  EXPECT_FALSE(accepted(1, 0, -1));
  EXPECT_FALSE(accepted(1, 0, int64_t{1} << 62));
}

}  // namespace
}  // namespace nave::test
