#include "query/error.h"

#include <algorithm>

namespace nave::query {
namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

}  // namespace

std::string describe(const Error& error, std::string_view query) {
  const std::string_view before = query.substr(0, error.offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t start = before.rfind('\n') + 1;  // npos + 1 is 0
  const std::string_view in_line = before.substr(start);
  const auto column = std::count_if(in_line.begin(), in_line.end(), [](char c) { return !is_continuation(c); });
  return "Line " + std::to_string(line) + ":" + std::to_string(column) + " " + error.message;
}

std::string_view quotable(std::string_view text) {
  if (text.size() <= kQuotedBytesMax) return text;
  size_t n = kQuotedBytesMax;
  while (n > 0 && is_continuation(text[n])) --n;
  return text.substr(0, n);
}

}  // namespace nave::query
