// Text to tokens (reference/query-language.md §1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "query/error.h"

namespace nave::query {

enum class TokenKind : uint8_t { kEnd, kWord, kQuotedWord, kString, kNumber, kSymbol };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  size_t offset = 0;
  std::string_view source;  // as it stands in the query
  std::string text;         // of a quoted word or a string: what it means
  double number = 0;
};

// The last token is kEnd. `query` outlives the tokens and is valid UTF-8.
[[nodiscard]] Result<std::vector<Token>, Error> tokenize(std::string_view query);

}  // namespace nave::query
