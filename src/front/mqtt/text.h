// Small steps of the '/', '&' and '%' grammars that user names, topics and property bags share.
#pragma once

#include <string>
#include <string_view>

#include "base/url.h"

namespace nave::front::mqtt {

// Removes the front of `text` up to and including the first of `separators`, and returns it without the separator; the
// whole text if there is none.
[[nodiscard]] inline std::string_view take_until(std::string_view& text, std::string_view separators) {
  const size_t end = text.find_first_of(separators);
  const std::string_view front = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return front;
}

// Percent-decodes, unless that would not be UTF-8: then the text stays as it was written, because everything behind the
// front relies on text being text.
[[nodiscard]] inline std::string decode_text(std::string_view text) {
  std::string decoded = percent_decode(text);
  return is_valid_utf8(decoded) ? decoded : std::string(text);
}

}  // namespace nave::front::mqtt
