#include "json/parse.h"

#include <gtest/gtest.h>

#include <chrono>

#include "json/write.h"

namespace nave::json {
namespace {

using Kind = ParseError::Kind;

std::string round_trip(std::string_view text) {
  const auto value = parse(text);
  return value ? to_text(*value) : "error: " + value.error().message();
}

TEST(JsonParse, CompactTextComesBackUnchanged) {
  for (const char* text : {
           "null",
           "true",
           "false",
           "0",
           "-0",
           "5",
           R"("x")",
           R"("")",
           "[]",
           "{}",
           "[[],{}]",
           R"({"b":1,"a":{"z":null,"y":[1,2.50,"x",false]}})",
           // Devices compare spellings.
           "40.098010",
           "1e2",
           "1E+02",
           "-0.0",
           "100000000000000000000000000000000000000001",
           "1e400",
           "0.1000000000000000055511151231257827021181583404541015625",
           R"([1.0,1.00,10e-1])",
           "\"\xC3\xA9\xF0\x9F\x98\x80\"",
           R"({"":0})",
           R"({"a b":1,"$x.y":2})",
       }) {
    EXPECT_EQ(round_trip(text), text);
  }
}

TEST(JsonParse, WhitespaceGoesAndEscapesAreNormalised) {
  EXPECT_EQ(round_trip(" \t\r\n{ \"a\" : [ 1 , 2 ] } \n"), R"({"a":[1,2]})");
  EXPECT_EQ(round_trip(" 5 "), "5");
  EXPECT_EQ(round_trip(R"(" \u0041\/\n\u00e9\ud83d\ude00 ")"), "\" A/\\n\xC3\xA9\xF0\x9F\x98\x80 \"");
  EXPECT_EQ(round_trip(R"(["\u0000\u001f\u007f"])"), "[\"\\u0000\\u001f\x7f\"]");
}

TEST(JsonParse, OfRepeatedKeysTheLastWins) {
  EXPECT_EQ(round_trip(R"({"a":1,"b":2,"a":3})"), R"({"a":3,"b":2})");
  EXPECT_EQ(round_trip(R"({"a":1,"\u0061":{}})"), R"({"a":{}})");
}

TEST(JsonParse, RefusesWhatIsNotJson) {
  for (const char* text : {"{",         "[",           "}",           "]",
                           "{]",        "[}",          "[1",          "[1,",
                           "[1,]",      "[,1]",        "[1 2]",       "[1,,2]",
                           "{\"a\"}",   "{\"a\":}",    "{\"a\":1,}",  "{a:1}",
                           "{'a':1}",   "{1:2}",       "{\"a\" 1}",   "{\"a\":1 \"b\":2}",
                           "tru",       "truex",       "nul",         "nulll",
                           "True",      "NaN",         "Infinity",    "-",
                           "+1",        "01",          "1.",          ".5",
                           "1e",        "1e+",         "0x10",        "1_000",
                           "--1",       "1a",          "[1a]",        "[01]",
                           "[-]",       "[1.]",        "[tru]",       "[nullx]",
                           "\"",        "\"a",         "\"\\\"",      "\"\\x\"",
                           "\"\\u12\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\udc00x\"",
                           "1 2",       "{} {}",       "{}x",         "[] 1",
                           "null,",     "\"a\" \"b\"", "/**/1",       "[1]//x",
                           "\"a\nb\"",  "\"a\tb\"",    "[\"a\"b]",    "[1\"a\"]"}) {
    const auto value = parse(text);
    ASSERT_FALSE(value) << text << " gave " << to_text(*value);
    EXPECT_EQ(value.error().kind, Kind::kSyntax) << text;
  }
}

TEST(JsonParse, RefusesNulBytesBadUtf8AndEmptyTexts) {
  using namespace std::string_view_literals;
  EXPECT_FALSE(parse("\0"sv));
  EXPECT_FALSE(parse("[1]\0"sv));
  EXPECT_FALSE(parse("1\0"sv));
  EXPECT_FALSE(parse("\"a\0b\""sv));
  EXPECT_FALSE(parse("[1\0,2]"sv));
  for (const char* bad : {"\"\xC3\"", "\"\x80\"", "\"\xC0\xAF\"", "\"\xED\xA0\x80\"", "\"\xF5\x80\x80\x80\"", "\xFF"}) {
    const auto value = parse(bad);
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().kind, Kind::kInvalidUtf8);
  }
  EXPECT_EQ(parse("").error().kind, Kind::kEmpty);
  EXPECT_EQ(parse("  \n").error().kind, Kind::kEmpty);
}

std::string nested(size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST(JsonParse, DepthIsBounded) {
  EXPECT_TRUE(parse(nested(64)));
  EXPECT_EQ(parse(nested(65)).error().kind, Kind::kTooDeep);
  EXPECT_EQ(parse(nested(200'000)).error().kind, Kind::kTooDeep);
  EXPECT_TRUE(parse("5", {.depth_max = 0}));
  EXPECT_EQ(parse("[]", {.depth_max = 0}).error().kind, Kind::kTooDeep);
  std::string objects;
  for (int i = 0; i < 3; ++i) objects += "{\"a\":";
  objects += "1}}}";
  EXPECT_TRUE(parse(objects, {.depth_max = 3}));
  EXPECT_FALSE(parse(objects, {.depth_max = 2}));
  // Depth is not length: many arrays side by side.
  std::string wide = "[[]";
  for (int i = 0; i < 1000; ++i) wide += ",[[]]";
  EXPECT_TRUE(parse(wide + "]", {.depth_max = 3}));
}

TEST(JsonParse, SizeIsBounded) {
  const std::string text = "\"" + std::string(98, 'x') + "\"";
  EXPECT_TRUE(parse(text, {.bytes_max = 100}));
  EXPECT_EQ(parse(text, {.bytes_max = 99}).error().kind, Kind::kTooLarge);
}

TEST(JsonParse, ManyKeysDoNotCostTheirSquare) {
  std::string text = "{\"k\":0";
  for (int i = 0; i < 100'000; ++i) text += ",\"" + std::to_string(i) + "\":1";
  text += ",\"k\":2}";

  const auto value = parse(text, {.bytes_max = text.size()});
  ASSERT_TRUE(value);
  EXPECT_EQ(value->if_object()->size(), 100'001U);
  EXPECT_EQ(value->if_object()->begin()->value, Value(2));
}

TEST(JsonParse, ErrorsSayWhereButNotWhat) {
  const auto value = parse(R"({"secret":tru})");
  ASSERT_FALSE(value);
  EXPECT_GT(value.error().offset, 0U);
  EXPECT_EQ(value.error().message().find("secret"), std::string::npos);
  EXPECT_NE(parse(nested(80)).error().message().find("deep"), std::string::npos);
}

TEST(JsonParse, TheParserIsUsableAfterAnError) {
  EXPECT_FALSE(parse("[1,"));
  EXPECT_EQ(round_trip("[1,2]"), "[1,2]");
}

TEST(JsonNumber, Grammar) {
  for (const char* good : {"0", "-0", "10", "1.5", "-1.5e10", "0e0", "1E-5"}) EXPECT_TRUE(is_number(good)) << good;
  for (const char* bad : {"", "-", "00", "1.", ".1", "1e", "e1", "+1", "1 ", " 1", "1e1.0", "--1"}) {
    EXPECT_FALSE(is_number(bad)) << bad;
  }
}

TEST(JsonWrite, EscapesOnlyWhatItMust) {
  std::string out;
  write_string(std::string("a\"b\\c/d\b\f\n\r\t\x01\x7f"), out);
  EXPECT_EQ(out, "\"a\\\"b\\\\c/d\\b\\f\\n\\r\\t\\u0001\x7f\"");
}

}  // namespace
}  // namespace nave::json
