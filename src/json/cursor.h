// Looks into JSON text without making a tree of it: for documents that are read far more often than they are wanted.
// The text is one value that json::parse would accept; with any other text the answers are wrong, but nothing outside
// of it is read.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace nave::json {

// The text of a member's value. nullopt: `object` is no object, or has no such member.
[[nodiscard]] std::optional<std::string_view> find_member(std::string_view object, std::string_view name);

// nullopt: `array` is no array, or is shorter.
[[nodiscard]] std::optional<std::string_view> find_element(std::string_view array, size_t index);

// What stands between the quotes of a string's text: a part of `text`, or of `storage` if it has escapes.
[[nodiscard]] std::string_view string_of(std::string_view text, std::string& storage);

// The elements of an array, one after the other; nothing of what is no array.
class Elements {
 public:
  explicit Elements(std::string_view array);
  // nullopt: there are no more.
  [[nodiscard]] std::optional<std::string_view> next();

 private:
  std::string_view rest_;
};

}  // namespace nave::json
