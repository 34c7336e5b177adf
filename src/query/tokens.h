// The tokens of a query, taken one by one; the first mistake ends it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "query/lexer.h"

namespace nave::query {

// Keywords ignore case; a quoted word is never one.
class Tokens {
 public:
  explicit Tokens(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  [[nodiscard]] const Token& peek(size_t ahead = 0) const;
  const Token& take();
  [[nodiscard]] bool is_word(std::string_view word, size_t ahead = 0) const;
  [[nodiscard]] bool is_symbol(std::string_view symbol, size_t ahead = 0) const;
  // Takes it if it is there.
  bool take_word(std::string_view word);
  bool take_symbol(std::string_view symbol);

  // Throws query::Error: the parser descends deeply, and every mistake is the end of it.
  [[noreturn]] void refuse(size_t offset, std::string message) const;
  [[noreturn]] void refuse_next() const;
  void expect_word(std::string_view word);
  void expect_symbol(std::string_view symbol);

 private:
  std::vector<Token> tokens_;
  size_t at_ = 0;
};

}  // namespace nave::query
