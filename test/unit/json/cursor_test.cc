#include "json/cursor.h"

#include <gtest/gtest.h>

#include <random>

#include "json/parse.h"
#include "json/write.h"

namespace nave::json {
namespace {

constexpr std::string_view kObject =
    R"({"a":1.50,"b":{"a":"in\"side","c":[1,[2,{"d":null}],"x]y"]},"":true,"e\"f":false,"tail":"t\\"})";

std::string member(std::string_view object, std::string_view name) {
  return std::string(find_member(object, name).value_or("nothing"));
}

std::string element(std::string_view array, size_t index) {
  return std::string(find_element(array, index).value_or("nothing"));
}

TEST(JsonCursor, FindsMembersAsTheyAreWritten) {
  EXPECT_EQ(member(kObject, "a"), "1.50");
  EXPECT_EQ(member(kObject, "b"), R"({"a":"in\"side","c":[1,[2,{"d":null}],"x]y"]})");
  EXPECT_EQ(member(kObject, ""), "true");
  EXPECT_EQ(member(kObject, "e\"f"), "false");
  EXPECT_EQ(member(kObject, "tail"), R"("t\\")");
  EXPECT_EQ(member(kObject, "c"), "nothing") << "one level down";
  EXPECT_EQ(member("{}", "a"), "nothing");
  EXPECT_EQ(member("[1]", "a"), "nothing");
  EXPECT_EQ(member(" { \"a\" : 1 , \"b\" : [ 2 ] } ", "b"), "[ 2 ]");
}

TEST(JsonCursor, FindsElements) {
  const std::string_view array = R"([1,[2,{"d":null}],"x]y"])";
  EXPECT_EQ(element(array, 0), "1");
  EXPECT_EQ(element(array, 1), R"([2,{"d":null}])");
  EXPECT_EQ(element(array, 2), R"("x]y")");
  EXPECT_EQ(element(array, 3), "nothing");
  EXPECT_EQ(element("[]", 0), "nothing");
  EXPECT_EQ(element("{}", 0), "nothing");
}

TEST(JsonCursor, ReadsStrings) {
  std::string storage;
  EXPECT_EQ(string_of(R"("plain")", storage), "plain");
  EXPECT_EQ(string_of(R"("")", storage), "");
  EXPECT_EQ(string_of(R"("a\"\\\u00e9\n")", storage), "a\"\\\xc3\xa9\n");
}

// Whatever is cut off or changed, nothing outside of the text is read (the sanitizers watch) and nothing goes on
// forever.
TEST(JsonCursor, SurvivesDamage) {
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(kObject.substr(0, random() % (kObject.size() + 1)));
    if (!text.empty()) text[random() % text.size()] = "\"\\{}[],:x "[random() % 10];
    const std::string copy(text.data(), text.size());  // on the heap, without anything behind it
    (void)find_member(copy, "tail");
    (void)find_element(copy, 3);
    std::string storage;
    (void)string_of(copy, storage);
  }
}

Value random_value(std::mt19937& random, int depth) {
  static constexpr const char* kTexts[] = {"", "a", "b\"", "\\", "c,d", "{e}", "[f]", "\n", "é"};
  const auto text = [&] { return std::string(kTexts[random() % std::size(kTexts)]); };
  switch (random() % (depth > 0 ? 7 : 5)) {
    case 0:
      return {};
    case 1:
      return random() % 2 == 0;
    case 2:
      return int64_t{static_cast<int32_t>(random())};
    case 3:
    case 4:
      return text();
    case 5: {
      Array out;
      for (size_t n = random() % 4; n > 0; --n) out.push_back(random_value(random, depth - 1));
      return out;
    }
    default: {
      Object out;
      for (size_t n = random() % 5; n > 0; --n) out.set(text(), random_value(random, depth - 1));
      return out;
    }
  }
}

TEST(JsonCursor, AgreesWithTheTree) {
  std::mt19937 random(11);
  for (int round = 0; round < 5'000; ++round) {
    const Value value = random_value(random, 4);
    const std::string text = to_text(value);
    if (const Object* object = value.if_object()) {
      for (const Member& m : *object) EXPECT_EQ(member(text, m.name), to_text(m.value)) << text;
      EXPECT_FALSE(find_member(text, "absent"));
    }
    if (const Array* array = value.if_array()) {
      for (size_t i = 0; i < array->size(); ++i) EXPECT_EQ(element(text, i), to_text((*array)[i])) << text;
      EXPECT_FALSE(find_element(text, array->size()));
    }
    if (const std::string* string = value.if_string()) {
      std::string storage;
      EXPECT_EQ(string_of(text, storage), *string);
    }
  }
}

}  // namespace
}  // namespace nave::json
