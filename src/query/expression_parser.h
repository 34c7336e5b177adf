// Conditions and paths: the part of the grammar below WHERE.
#pragma once

#include "query/ast.h"
#include "query/tokens.h"

namespace nave::query {

// Throws query::Error, as Tokens does. Paths come out resolved for `collection`.
class ExpressionParser {
 public:
  ExpressionParser(Tokens& tokens, Collection collection) : tokens_(tokens), collection_(collection) {}

  [[nodiscard]] Expression condition();

 private:
  class Descent;
  [[nodiscard]] Expression conjunction();
  [[nodiscard]] Expression negation();
  [[nodiscard]] Expression predicate();
  [[nodiscard]] Expression membership(Expression value, bool negated);
  [[nodiscard]] Expression sum();
  [[nodiscard]] Expression product();
  [[nodiscard]] Expression unary();
  [[nodiscard]] Expression primary();
  [[nodiscard]] Expression word();
  [[nodiscard]] Expression call();
  [[nodiscard]] Expression array();
  // Conditions with commas between them, up to and with `end`.
  [[nodiscard]] std::vector<Expression> list_until(std::string_view end);
  [[nodiscard]] Expression node(Expression::Kind kind, size_t offset, std::vector<Expression> children = {});
  [[nodiscard]] bool folds_case(const Expression& e) const;

  Tokens& tokens_;
  const Collection collection_;
  size_t depth_ = 0;
  size_t nodes_ = 0;
};

// As written, not resolved. Words that the grammar needs cannot begin one.
[[nodiscard]] Path parse_path(Tokens& tokens);

}  // namespace nave::query
