#include "base/crc32c.h"

#include <gtest/gtest.h>

namespace nave {
namespace {

// The check value of the catalogue, and RFC 3720 §B.4.
TEST(Crc32c, Vectors) {
  std::string ascending(32, '\0');
  for (size_t i = 0; i < 32; ++i) ascending[i] = static_cast<char>(i);
  const std::string descending(ascending.rbegin(), ascending.rend());
  const std::pair<std::string, uint32_t> vectors[] = {
      {"", 0},
      {"123456789", 0xE3069283},
      {std::string(32, '\0'), 0x8A9136AA},
      {std::string(32, '\xff'), 0x62A8AB43},
      {ascending, 0x46DD794E},
      {descending, 0x113FDB5C},
  };
  for (const auto& [bytes, crc] : vectors) {
    EXPECT_EQ(crc32c(bytes), crc);
    EXPECT_EQ(crc32c_portable(bytes), crc);
  }
}

TEST(Crc32c, BothVersionsAgreeAndContinue) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) bytes += static_cast<char>(i * 37 + 11);
  for (size_t n = 0; n <= bytes.size(); ++n) {
    const ByteView part = ByteView(bytes).substr(0, n);
    const ByteView rest = ByteView(bytes).substr(n);
    ASSERT_EQ(crc32c(part), crc32c_portable(part)) << n;
    ASSERT_EQ(crc32c(rest, crc32c(part)), crc32c(bytes)) << n;
    ASSERT_EQ(crc32c_portable(rest, crc32c(part)), crc32c(bytes)) << n;
  }
}

TEST(Crc32c, SeesEveryFlippedBit) {
  const std::string bytes = "an acknowledged message";
  const uint32_t crc = crc32c(bytes);
  for (size_t i = 0; i < bytes.size() * 8; ++i) {
    std::string damaged = bytes;
    damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << (i % 8)));
    EXPECT_NE(crc32c(damaged), crc) << i;
  }
}

}  // namespace
}  // namespace nave
