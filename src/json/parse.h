// Text to tree. Strict RFC 8259: valid UTF-8, no comments, no trailing commas, nothing behind the value.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "json/value.h"

namespace nave::json {

struct ParseLimits {
  size_t bytes_max = 1024 * 1024;
  size_t depth_max = 64;  // arrays and objects inside each other; a lone scalar has depth 0
};

struct ParseError {
  enum class Kind : uint8_t { kEmpty, kTooLarge, kTooDeep, kInvalidUtf8, kSyntax };
  Kind kind;
  // Byte where reading stopped; 0 when that is not known.
  size_t offset = 0;
  // One sentence without any of the text itself.
  [[nodiscard]] std::string message() const;
};

// Thread-safe. Takes about one microsecond per kilobyte plus the making of the tree.
[[nodiscard]] Result<Value, ParseError> parse(std::string_view text, const ParseLimits& limits = {});

// The grammar of RFC 8259 §6.
[[nodiscard]] bool is_number(std::string_view text);

}  // namespace nave::json
