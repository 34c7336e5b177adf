#include "base/url.h"

#include <gtest/gtest.h>

namespace nave {
namespace {

TEST(Url, Decodes) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"abc", "abc"},
      {"hub1.example.test%2Fdevices%2fdev-1", "hub1.example.test/devices/dev-1"},
      {"a+b", "a+b"},  // a literal plus, always
      {"%2B", "+"},
      {"%2540", "%40"},  // once, not twice
      {"%24.to=%2Fx", "$.to=/x"},
      {"caf%C3%A9", "caf\xc3\xa9"},
      {"%", "%"},
      {"%4", "%4"},
      {"%41", "A"},
      {"%zz%4g%", "%zz%4g%"},
      {"%%41", "%A"},
  };
  for (const auto& [text, plain] : cases) EXPECT_EQ(percent_decode(text), plain) << text;
  EXPECT_EQ(percent_decode("%00"), std::string(1, '\0'));
}

TEST(Url, DecodeAppends) {
  std::string out = "x";
  percent_decode_append(out, "%41");
  EXPECT_EQ(out, "xA");
}

TEST(Url, EncodesAllButUnreserved) {
  EXPECT_EQ(percent_encode("AZaz09-_.~"), "AZaz09-_.~");
  EXPECT_EQ(percent_encode("hub1.example.test/devices/a@b"), "hub1.example.test%2Fdevices%2Fa%40b");
  EXPECT_EQ(percent_encode(" +=&;/$\xc3\xa9"), "%20%2B%3D%26%3B%2F%24%C3%A9");
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
}

TEST(Url, IgnoresCaseOfAsciiOnly) {
  EXPECT_TRUE(equals_ignore_case("Hub1.Example.TEST", "hub1.example.test"));
  EXPECT_TRUE(equals_ignore_case("", ""));
  EXPECT_FALSE(equals_ignore_case("a", "ab"));
  EXPECT_FALSE(equals_ignore_case("[", "{")) << "32 apart, but no letters";
  EXPECT_FALSE(equals_ignore_case("@", "`"));
  EXPECT_EQ(to_lower("ABCxyz[]@\xc3\x89"), "abcxyz[]@\xc3\x89");
}

TEST(Url, Utf8) {
  for (const char* good :
       {"", "abc", "\xc2\x80", "\xc3\xa9", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
        "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "x\xf0\x9f\x9a\x80y"}) {
    EXPECT_TRUE(is_valid_utf8(good)) << good;
  }
  const std::pair<const char*, const char*> bad[] = {
      {"lone continuation", "\x80"},
      {"overlong slash", "\xc0\xaf"},
      {"overlong two bytes", "\xc1\xbf"},
      {"overlong three bytes", "\xe0\x9f\xbf"},
      {"surrogate", "\xed\xa0\x80"},
      {"last surrogate", "\xed\xbf\xbf"},
      {"overlong four", "\xf0\x8f\xbf\xbf"},
      {"beyond U+10FFFF", "\xf4\x90\x80\x80"},
      {"no such lead", "\xf5\x80\x80\x80"},
      {"FF", "\xff"},
      {"cut after one", "\xc3"},
      {"cut after two", "\xe2\x82"},
      {"cut after three", "\xf0\x9f\x9a"},
      {"not a continuation", "\xc3z"},
      {"late", "abc\xe2\x28\xa1"},
  };
  for (const auto& [what, text] : bad) EXPECT_FALSE(is_valid_utf8(text)) << what;
  EXPECT_TRUE(is_valid_utf8(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace nave
