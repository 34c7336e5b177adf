// A second evaluator, written from the tables of reference/query-language.md §5 alone: no views, no sharing, one rule
// after the other. It evaluates its own trees, and knows how to spell them as queries.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "json/value.h"

namespace nave::query::test {

struct Composite {  // of an array or object only which it is
  bool is_array = false;
};
using SlowValue = std::variant<std::nullptr_t, bool, double, std::string, Composite>;
using SlowResult = std::optional<SlowValue>;  // nullopt: undefined

struct SlowNode {
  // A word or symbol of the language ("AND", "<=", "IS_NULL", "-"), "literal", "path", "list", or "neg" for a sign.
  std::string op;
  std::vector<SlowNode> parts;
  SlowResult literal;
  std::vector<std::string> path;
};

[[nodiscard]] SlowResult slow_evaluate(const SlowNode& node, const json::Value& document);
// With only the parentheses that precedence demands.
[[nodiscard]] std::string spell(const SlowNode& node);

}  // namespace nave::query::test
