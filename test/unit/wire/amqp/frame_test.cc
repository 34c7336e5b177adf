#include "wire/amqp/frame.h"

#include <gtest/gtest.h>

#include "hex.h"

namespace nave::wire::amqp {
namespace {

using test::unhex;

FrameStatus status_of(const char* hex, uint32_t max = 64) {
  Frame frame;
  size_t size = 0;
  return read_frame(unhex(hex), max, frame, size);
}

TEST(Frame, HeaderFields) {
  const std::string bytes = unhex("0000000a 02 01 1234 aabb ff");
  Frame frame;
  size_t size = 0;
  EXPECT_EQ(read_frame(bytes, 64, frame, size), FrameStatus::kWhole);
  EXPECT_EQ(size, 10u);
  EXPECT_EQ(frame.type, 1);
  EXPECT_EQ(frame.channel, 0x1234);
  EXPECT_EQ(to_hex(frame.body), "aabb");
}

TEST(Frame, ExtendedHeadersAreSkipped) {
  const std::string bytes = unhex("0000000d 03 00 0000 11111111 aa");
  Frame frame;
  size_t size = 0;
  EXPECT_EQ(read_frame(bytes, 64, frame, size), FrameStatus::kWhole);
  EXPECT_EQ(to_hex(frame.body), "aa");
}

TEST(Frame, SaysHowMuchIsMissing) {
  Frame frame;
  size_t size = 0;
  EXPECT_EQ(read_frame("\0\0\0", 64, frame, size), FrameStatus::kPartial);
  EXPECT_EQ(size, 4u);
  EXPECT_EQ(read_frame(unhex("00000020 02"), 64, frame, size), FrameStatus::kPartial);
  EXPECT_EQ(size, 0x20u);
}

TEST(Frame, BoundsAreJudgedFromTheFirstFourBytes) {
  EXPECT_EQ(status_of("00000007"), FrameStatus::kBad);
  EXPECT_EQ(status_of("00000008"), FrameStatus::kPartial);
  EXPECT_EQ(status_of("00000040"), FrameStatus::kPartial);
  EXPECT_EQ(status_of("00000041"), FrameStatus::kBad);
  EXPECT_EQ(status_of("ffffffff"), FrameStatus::kBad);
}

TEST(Frame, DataOffsetAndType) {
  EXPECT_EQ(status_of("00000008 02 00 0000"), FrameStatus::kWhole);
  EXPECT_EQ(status_of("00000008 01 00 0000"), FrameStatus::kBad);
  EXPECT_EQ(status_of("00000008 03 00 0000"), FrameStatus::kBad);
  EXPECT_EQ(status_of("00000008 02 02 0000"), FrameStatus::kBad);
}

}  // namespace
}  // namespace nave::wire::amqp
