#include "base/bytes.h"

#include <gtest/gtest.h>

namespace nave {
namespace {

TEST(Bytes, BigEndian) {
  const char b[] = "\x01\x02\x03\x04\xfd\xfe\xff\x80";
  EXPECT_EQ(load_be<uint8_t>(b + 7), 0x80);
  EXPECT_EQ(load_be<uint16_t>(b), 0x0102);
  EXPECT_EQ(load_be<uint32_t>(b + 4), 0xfdfeff80U);
  EXPECT_EQ(load_be<uint64_t>(b), 0x01020304fdfeff80ULL);
  std::string out = ">";
  append_be<uint8_t>(out, 0x80);
  append_be<uint16_t>(out, 0x0102);
  append_be<uint32_t>(out, 0xfdfeff80U);
  append_be<uint64_t>(out, 0x01020304fdfeff80ULL);
  EXPECT_EQ(to_hex(out), "3e800102fdfeff8001020304fdfeff80");
}

TEST(Bytes, LittleEndian) {
  const char b[] = "\x01\x02\x03\x04\xfd\xfe\xff\x80";
  EXPECT_EQ(load_le<uint16_t>(b), 0x0201);
  EXPECT_EQ(load_le<uint32_t>(b + 4), 0x80fffefdU);
  EXPECT_EQ(load_le<uint64_t>(b), 0x80fffefd04030201ULL);
  std::string out;
  append_le<uint8_t>(out, 0x80);
  append_le<uint16_t>(out, 0x0201);
  append_le<uint64_t>(out, 0x80fffefd04030201ULL);
  EXPECT_EQ(to_hex(out), "80010201020304fdfeff80");
}

TEST(Bytes, Hex) {
  EXPECT_EQ(to_hex(""), "");
  EXPECT_EQ(to_hex(ByteView("\x00\x0f\xf0\xff", 4)), "000ff0ff");
  EXPECT_EQ(byte_at("\xff", 0), 255);
}

}  // namespace
}  // namespace nave
