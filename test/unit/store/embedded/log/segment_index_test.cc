#include "store/embedded/log/segment_index.h"

#include <gtest/gtest.h>

namespace nave::test {
namespace {

using store::embedded::decode_index;
using store::embedded::encode_index;
using store::embedded::SegmentIndex;

UtcTime at_ms(int64_t ms) {
  return from_unix_ms(1'000'000 + ms);
}

// Records of 1000 bytes, partitions 0 and 1 in turn, partition 2 once.
SegmentIndex example(uint64_t spacing) {
  SegmentIndex index(4, spacing);
  for (int64_t i = 0; i < 200; ++i) {
    index.add(static_cast<uint16_t>(i % 2), 50 + i / 2, 8192 + static_cast<uint64_t>(i) * 1000, at_ms(i));
  }
  index.add(2, 7, 8192 + 200'000, at_ms(200));
  return index;
}

TEST(SegmentIndex, KnowsFirstAndLast) {
  const SegmentIndex index = example(4096);
  EXPECT_EQ(index.partition(0).first_sequence, 50);
  EXPECT_EQ(index.partition(0).last_sequence, 149);
  EXPECT_EQ(index.partition(1).first_enqueued, at_ms(1));
  EXPECT_EQ(index.partition(1).last_enqueued, at_ms(199));
  EXPECT_EQ(index.partition(2).first_sequence, index.partition(2).last_sequence);
  EXPECT_TRUE(index.partition(3).empty());
  EXPECT_EQ(index.newest(), at_ms(200));
}

TEST(SegmentIndex, SeeksAtOrShortlyBefore) {
  for (const uint64_t spacing : {1u, 4096u, 65536u}) {
    const SegmentIndex index = example(spacing);
    for (int64_t sequence = 50; sequence < 150; ++sequence) {
      const uint64_t exact = 8192 + static_cast<uint64_t>(sequence - 50) * 2000;
      EXPECT_LE(index.seek(0, sequence), exact);
      EXPECT_LT(exact - index.seek(0, sequence), spacing + 2000);
    }
    EXPECT_EQ(index.seek(0, 0), 8192u);
    EXPECT_EQ(index.seek(2, 7), 208'192u);
  }
}

TEST(SegmentIndex, FindsThePositionBeforeATime) {
  const SegmentIndex index = example(1);
  EXPECT_EQ(index.sequence_before(0, at_ms(-5)), 50);
  EXPECT_EQ(index.sequence_before(0, at_ms(10)), 54);
  EXPECT_EQ(index.sequence_before(0, at_ms(11)), 55);
  EXPECT_EQ(index.sequence_before(0, at_ms(1000)), 149);
}

TEST(SegmentIndex, ThinningKeepsTheSpacing) {
  SegmentIndex index = example(1);
  index.thin(65536);
  EXPECT_EQ(index, example(65536));
  EXPECT_EQ(index.partition(0).positions.size(), 4u);
}

TEST(SegmentIndex, ComesBackFromItsBytesAndNoticesAnyChange) {
  const SegmentIndex index = example(65536);
  const std::string bytes = encode_index(index, 7, 8, 9000);
  const auto decoded = decode_index(bytes, 7, 8, 4);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->index, index);
  EXPECT_EQ(decoded->end, 9000u);
  EXPECT_FALSE(decode_index(bytes, 6, 8, 4));
  EXPECT_FALSE(decode_index(bytes, 7, 9, 4));
  EXPECT_FALSE(decode_index(bytes, 7, 8, 5));
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x40);
    EXPECT_FALSE(decode_index(changed, 7, 8, 4)) << at;
    EXPECT_FALSE(decode_index(bytes.substr(0, at), 7, 8, 4)) << at;
  }
}

}  // namespace
}  // namespace nave::test
