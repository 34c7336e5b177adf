#include "base/base64.h"

#include <gtest/gtest.h>

namespace nave {
namespace {

// RFC 4648 §10.
const std::pair<const char*, const char*> kVectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

TEST(Base64, Vectors) {
  for (const auto& [plain, text] : kVectors) {
    EXPECT_EQ(base64_encode(plain), text);
    EXPECT_EQ(base64_decode(text), plain);
  }
}

TEST(Base64, EveryByteValue) {
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all += static_cast<char>(i);
    EXPECT_EQ(base64_decode(base64_encode(all)), all) << i;
  }
  EXPECT_EQ(base64_encode("\xfb\xff\xbf"), "+/+/");
}

TEST(Base64, IsStrict) {
  for (const char* bad : {"Z", "Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zg==Zg==", "Zm=v", "Zm9v\n", " Zm9", "Zm9-",
                          "Zm9_", "Zm9vZg==\n", "Zm9v=", "Zm9v====", "\xc3\xa9zz"}) {
    EXPECT_EQ(base64_decode(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(base64_decode(std::string_view("Zm9\0", 4)), std::nullopt);
}

}  // namespace
}  // namespace nave
