#include "query/expression_parser.h"

#include <algorithm>
#include <array>

#include "base/url.h"
#include "query/parser.h"

namespace nave::query {
namespace {

struct FunctionRow {
  std::string_view name;
  Function function;
  size_t arguments;
};
constexpr std::array<FunctionRow, 11> kFunctions = {{
    {"IS_DEFINED", Function::kIsDefined, 1},
    {"IS_NULL", Function::kIsNull, 1},
    {"IS_BOOL", Function::kIsBool, 1},
    {"IS_NUMBER", Function::kIsNumber, 1},
    {"IS_STRING", Function::kIsString, 1},
    {"IS_ARRAY", Function::kIsArray, 1},
    {"IS_OBJECT", Function::kIsObject, 1},
    {"IS_PRIMITIVE", Function::kIsPrimitive, 1},
    {"STARTSWITH", Function::kStartsWith, 2},
    {"ENDSWITH", Function::kEndsWith, 2},
    {"ARRAY_CONTAINS", Function::kArrayContains, 2},
}};

struct ComparisonRow {
  std::string_view symbol;
  Comparison comparison;
};
constexpr std::array<ComparisonRow, 7> kComparisons = {{
    {"=", Comparison::kEqual},
    {"!=", Comparison::kNotEqual},
    {"<>", Comparison::kNotEqual},
    {"<", Comparison::kLess},
    {"<=", Comparison::kLessOrEqual},
    {">", Comparison::kGreater},
    {">=", Comparison::kGreaterOrEqual},
}};

// As the first word of a path these would hide a mistake in the query.
constexpr std::array<std::string_view, 19> kReserved = {"ALL",   "AND",   "AS",   "ASC",   "BY",  "DESC",  "FROM",
                                                        "GROUP", "IN",    "NIN",  "NOT",   "OR",  "ORDER", "SELECT",
                                                        "TOP",   "WHERE", "TRUE", "FALSE", "NULL"};

bool is_reserved(const Token& t) {
  return t.kind == TokenKind::kWord && std::any_of(kReserved.begin(), kReserved.end(), [&](std::string_view word) {
           return equals_ignore_case(t.source, word);
         });
}

Step parse_step(Tokens& tokens) {
  const Token& t = tokens.peek();
  if (t.kind != TokenKind::kWord && t.kind != TokenKind::kQuotedWord) tokens.refuse_next();
  tokens.take();
  return {t.kind == TokenKind::kWord ? std::string(t.source) : t.text, {}};
}

Step parse_index(Tokens& tokens) {
  const Token& t = tokens.peek();
  Step out;
  if (t.kind == TokenKind::kString) {
    out.name = t.text;
  } else if (t.kind == TokenKind::kNumber && t.number < 1e9 &&
             t.number == static_cast<double>(static_cast<uint32_t>(t.number))) {
    out.index = static_cast<uint32_t>(t.number);
  } else {
    tokens.refuse_next();
  }
  tokens.take();
  tokens.expect_symbol("]");
  return out;
}

}  // namespace

// One level of recursion.
class ExpressionParser::Descent {
 public:
  explicit Descent(ExpressionParser& p) : parser_(p) {
    if (++parser_.depth_ > kDepthMax)
      parser_.tokens_.refuse(parser_.tokens_.peek().offset, "The query is nested too deeply");
  }
  ~Descent() { --parser_.depth_; }
  Descent(const Descent&) = delete;
  Descent& operator=(const Descent&) = delete;

 private:
  ExpressionParser& parser_;
};

Path parse_path(Tokens& tokens) {
  if (is_reserved(tokens.peek())) tokens.refuse_next();
  Path out;
  out.steps.push_back(parse_step(tokens));
  for (;;) {
    if (out.steps.size() > kDepthMax) tokens.refuse(tokens.peek().offset, "The path is too long");
    if (tokens.take_symbol(".")) {
      out.steps.push_back(parse_step(tokens));
    } else if (tokens.take_symbol("[")) {
      out.steps.push_back(parse_index(tokens));
    } else {
      return out;
    }
  }
}

Expression ExpressionParser::node(Expression::Kind kind, size_t offset, std::vector<Expression> children) {
  Expression out;
  out.kind = kind;
  out.offset = offset;
  out.children = std::move(children);
  for (const Expression& c : out.children) out.depth = std::max(out.depth, static_cast<uint16_t>(c.depth + 1));
  if (out.depth > kDepthMax) tokens_.refuse(offset, "The query is nested too deeply");
  if (++nodes_ > kNodesMax) tokens_.refuse(offset, "The query has too many parts");
  return out;
}

Expression ExpressionParser::condition() {
  const Descent descent(*this);
  const size_t offset = tokens_.peek().offset;
  std::vector<Expression> parts;
  parts.push_back(conjunction());
  while (tokens_.take_word("OR")) parts.push_back(conjunction());
  return parts.size() == 1 ? std::move(parts.front()) : node(Expression::Kind::kOr, offset, std::move(parts));
}

Expression ExpressionParser::conjunction() {
  const size_t offset = tokens_.peek().offset;
  std::vector<Expression> parts;
  parts.push_back(negation());
  while (tokens_.take_word("AND")) parts.push_back(negation());
  return parts.size() == 1 ? std::move(parts.front()) : node(Expression::Kind::kAnd, offset, std::move(parts));
}

Expression ExpressionParser::negation() {
  const size_t offset = tokens_.peek().offset;
  if (!tokens_.take_word("NOT")) return predicate();
  const Descent descent(*this);
  std::vector<Expression> part;
  part.push_back(negation());
  return node(Expression::Kind::kNot, offset, std::move(part));
}

// Job rows: clients spell states as they like (reference/query-language.md §5).
bool ExpressionParser::folds_case(const Expression& e) const {
  return collection_ == Collection::kJobs && e.kind == Expression::Kind::kPath && e.path.steps.size() == 1 &&
         (e.path.steps[0].name == "status" || e.path.steps[0].name == "jobType");
}

Expression ExpressionParser::predicate() {
  Expression left = sum();
  if (tokens_.take_word("IN")) return membership(std::move(left), false);
  if (tokens_.take_word("NIN")) return membership(std::move(left), true);
  if (tokens_.is_word("NOT") && tokens_.is_word("IN", 1)) {
    tokens_.take();
    tokens_.take();
    return membership(std::move(left), true);
  }
  for (const ComparisonRow& row : kComparisons) {
    const size_t offset = tokens_.peek().offset;
    if (!tokens_.take_symbol(row.symbol)) continue;
    std::vector<Expression> sides;
    sides.push_back(std::move(left));
    sides.push_back(sum());
    const bool fold_case = folds_case(sides[0]) || folds_case(sides[1]);
    Expression out = node(Expression::Kind::kCompare, offset, std::move(sides));
    out.comparison = row.comparison;
    out.fold_case = fold_case;
    return out;
  }
  return left;
}

Expression ExpressionParser::membership(Expression value, bool negated) {
  const size_t offset = value.offset;
  tokens_.expect_symbol("[");
  const bool fold_case = folds_case(value);
  std::vector<Expression> children;
  children.push_back(std::move(value));
  for (Expression& e : list_until("]")) children.push_back(std::move(e));
  Expression in = node(Expression::Kind::kIn, offset, std::move(children));
  in.fold_case = fold_case;
  if (!negated) return in;
  std::vector<Expression> part;
  part.push_back(std::move(in));
  return node(Expression::Kind::kNot, offset, std::move(part));
}

Expression ExpressionParser::sum() {
  Expression left = product();
  while (tokens_.is_symbol("+") || tokens_.is_symbol("-")) {
    const Token& symbol = tokens_.take();
    std::vector<Expression> sides;
    sides.push_back(std::move(left));
    sides.push_back(product());
    left = node(Expression::Kind::kArithmetic, symbol.offset, std::move(sides));
    left.symbol = symbol.source[0];
  }
  return left;
}

Expression ExpressionParser::product() {
  Expression left = unary();
  while (tokens_.is_symbol("*") || tokens_.is_symbol("/") || tokens_.is_symbol("%")) {
    const Token& symbol = tokens_.take();
    std::vector<Expression> sides;
    sides.push_back(std::move(left));
    sides.push_back(unary());
    left = node(Expression::Kind::kArithmetic, symbol.offset, std::move(sides));
    left.symbol = symbol.source[0];
  }
  return left;
}

Expression ExpressionParser::unary() {
  const size_t offset = tokens_.peek().offset;
  if (!tokens_.take_symbol("-")) return primary();
  std::vector<Expression> part;
  part.push_back(primary());
  return node(Expression::Kind::kNegate, offset, std::move(part));
}

Expression ExpressionParser::primary() {
  const Token& t = tokens_.peek();
  if (t.kind == TokenKind::kWord || t.kind == TokenKind::kQuotedWord) return word();
  if (tokens_.take_symbol("(")) {
    Expression inner = condition();
    tokens_.expect_symbol(")");
    return inner;
  }
  if (tokens_.is_symbol("[")) return array();
  Expression out = node(Expression::Kind::kLiteral, t.offset);
  if (t.kind == TokenKind::kNumber) {
    out.value = Value::of(t.number);
  } else if (t.kind == TokenKind::kString) {
    out.value.type = Type::kString;
    out.text = t.text;
  } else {
    tokens_.refuse_next();
  }
  tokens_.take();
  return out;
}

Expression ExpressionParser::word() {
  if (tokens_.peek().kind == TokenKind::kWord && tokens_.is_symbol("(", 1)) return call();
  Expression out = node(Expression::Kind::kLiteral, tokens_.peek().offset);
  if (tokens_.take_word("TRUE")) {
    out.value = Value::of(true);
  } else if (tokens_.take_word("FALSE")) {
    out.value = Value::of(false);
  } else if (tokens_.take_word("NULL")) {
    out.value = Value::null();
  } else if (!tokens_.take_word("UNDEFINED")) {
    out.kind = Expression::Kind::kPath;
    out.path = parse_path(tokens_);
    resolve(out.path, collection_);
  }
  return out;
}

Expression ExpressionParser::call() {
  const Token& name = tokens_.peek();
  const auto row = std::find_if(kFunctions.begin(), kFunctions.end(),
                                [&](const FunctionRow& f) { return equals_ignore_case(f.name, name.source); });
  if (row == kFunctions.end()) {
    if (is_reserved(name)) tokens_.refuse_next();
    tokens_.refuse(name.offset, "Invalid function '" + std::string(quotable(name.source)) + "'");
  }
  tokens_.take();
  tokens_.expect_symbol("(");
  Expression out = node(Expression::Kind::kCall, name.offset, list_until(")"));
  if (out.children.size() != row->arguments) {
    tokens_.refuse(name.offset, "Wrong number of arguments for '" + std::string(row->name) + "'");
  }
  out.function = row->function;
  return out;
}

Expression ExpressionParser::array() {
  const size_t offset = tokens_.peek().offset;
  tokens_.expect_symbol("[");
  return node(Expression::Kind::kArray, offset, list_until("]"));
}

std::vector<Expression> ExpressionParser::list_until(std::string_view end) {
  std::vector<Expression> out;
  if (tokens_.take_symbol(end)) return out;
  do {
    out.push_back(condition());
  } while (tokens_.take_symbol(","));
  tokens_.expect_symbol(end);
  return out;
}

}  // namespace nave::query
