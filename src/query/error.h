// Why a text is no query.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nave::query {

struct Error {
  size_t offset = 0;    // byte of the text
  std::string message;  // quotes at most kQuotedBytesMax of the text
};

inline constexpr size_t kQuotedBytesMax = 32;

// "Line 1:29 Unexpected input at 'X'", the form that the service uses where it shows a position at all
// (reference/service-rest.md §13): lines count from 1, characters of a line from 0.
[[nodiscard]] std::string describe(const Error& error, std::string_view query);

// The beginning of `text`, cut between characters.
[[nodiscard]] std::string_view quotable(std::string_view text);

}  // namespace nave::query
