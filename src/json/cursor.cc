#include "json/cursor.h"

#include <cstring>

#include "json/parse.h"

namespace nave::json {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

void skip_space(std::string_view& text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
}

// Behind the closing quote of the string that begins at `at`.
size_t end_of_string(std::string_view text, size_t at) {
  for (size_t i = at + 1; i < text.size();) {
    const auto* quote = static_cast<const char*>(std::memchr(text.data() + i, '"', text.size() - i));
    if (quote == nullptr) break;
    const auto end = static_cast<size_t>(quote - text.data());
    size_t backslashes = 0;
    while (end - backslashes > at + 1 && text[end - backslashes - 1] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return end + 1;
    i = end + 1;
  }
  return text.size();
}

size_t end_of_nested(std::string_view text) {
  size_t depth = 0;
  for (size_t i = 0; i < text.size();) {
    switch (text[i]) {
      case '"':
        i = end_of_string(text, i);
        continue;
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        if (--depth == 0) return i + 1;
        break;
      default:
        break;
    }
    ++i;
  }
  return text.size();
}

size_t end_of_word(std::string_view text) {
  size_t i = 0;
  while (i < text.size() && text[i] != ',' && text[i] != '}' && text[i] != ']' && !is_space(text[i])) ++i;
  return i;
}

// Takes the value at the front of `rest`. Empty: there is none.
std::string_view take_value(std::string_view& rest) {
  skip_space(rest);
  if (rest.empty()) return {};
  const char c = rest.front();
  const size_t end = c == '"' ? end_of_string(rest, 0) : c == '{' || c == '[' ? end_of_nested(rest) : end_of_word(rest);
  const std::string_view out = rest.substr(0, end);
  rest.remove_prefix(end);
  return out;
}

bool take(std::string_view& rest, char c) {
  skip_space(rest);
  if (rest.empty() || rest.front() != c) return false;
  rest.remove_prefix(1);
  return true;
}

bool is_name(std::string_view text, std::string_view name) {
  if (std::memchr(text.data(), '\\', text.size()) == nullptr) {
    return text.size() == name.size() + 2 && text.substr(1, name.size()) == name;
  }
  std::string storage;
  return string_of(text, storage) == name;
}

}  // namespace

std::optional<std::string_view> find_member(std::string_view object, std::string_view name) {
  if (!take(object, '{')) return {};
  do {
    const std::string_view key = take_value(object);
    if (key.size() < 2 || key.front() != '"' || !take(object, ':')) return {};
    const std::string_view value = take_value(object);
    if (value.empty()) return {};
    if (is_name(key, name)) return value;
  } while (take(object, ','));
  return {};
}

std::optional<std::string_view> find_element(std::string_view array, size_t index) {
  Elements elements(array);
  for (;; --index) {
    const auto element = elements.next();
    if (!element || index == 0) return element;
  }
}

std::string_view string_of(std::string_view text, std::string& storage) {
  if (text.size() < 2) return {};
  const std::string_view inside = text.substr(1, text.size() - 2);
  if (inside.empty() || std::memchr(inside.data(), '\\', inside.size()) == nullptr) return inside;
  const auto parsed = parse(text, {.bytes_max = text.size()});
  const std::string* string = parsed ? parsed->if_string() : nullptr;
  storage = string == nullptr ? "" : *string;
  return storage;
}

Elements::Elements(std::string_view array) {
  if (take(array, '[')) rest_ = array;
}

std::optional<std::string_view> Elements::next() {
  const std::string_view element = take_value(rest_);
  if (element.empty()) return {};  // the closing bracket is no value
  (void)take(rest_, ',');
  return element;
}

}  // namespace nave::json
