#include "query/tokens.h"

#include <algorithm>

#include "base/url.h"

namespace nave::query {

const Token& Tokens::peek(size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

const Token& Tokens::take() {
  const Token& out = peek();
  at_ = std::min(at_ + 1, tokens_.size() - 1);
  return out;
}

bool Tokens::is_word(std::string_view word, size_t ahead) const {
  const Token& t = peek(ahead);
  return t.kind == TokenKind::kWord && equals_ignore_case(t.source, word);
}

bool Tokens::is_symbol(std::string_view symbol, size_t ahead) const {
  const Token& t = peek(ahead);
  return t.kind == TokenKind::kSymbol && t.source == symbol;
}

bool Tokens::take_word(std::string_view word) {
  if (!is_word(word)) return false;
  take();
  return true;
}

bool Tokens::take_symbol(std::string_view symbol) {
  if (!is_symbol(symbol)) return false;
  take();
  return true;
}

void Tokens::refuse(size_t offset, std::string message) const {
  throw Error{offset, std::move(message)};
}

void Tokens::refuse_next() const {
  const Token& t = peek();
  if (t.kind == TokenKind::kEnd) refuse(t.offset, "Unexpected end of the query");
  refuse(t.offset, "Unexpected input at '" + std::string(quotable(t.source)) + "'");
}

void Tokens::expect_word(std::string_view word) {
  if (!take_word(word)) refuse_next();
}

void Tokens::expect_symbol(std::string_view symbol) {
  if (!take_symbol(symbol)) refuse_next();
}

}  // namespace nave::query
