#include "query/evaluate.h"

#include <algorithm>
#include <cmath>

namespace nave::query {
namespace {

Truth truth(const Expression& e, const Document& document) {
  return truth_of(evaluate(e, document));
}

// `absorbing` decides alone: false for AND, true for OR. Otherwise one undefined part makes all of it undefined.
Truth combine(const Expression& e, const Document& document, Truth absorbing) {
  bool undefined = false;
  for (const Expression& part : e.children) {
    const Truth t = truth(part, document);
    if (t == absorbing) return t;
    undefined |= t == Truth::kUndefined;
  }
  return undefined ? Truth::kUndefined : negation(absorbing);
}

Truth is_in(const Expression& e, const Document& document) {
  const Value value = evaluate(e.children[0], document);
  if (value.type == Type::kUndefined) return Truth::kUndefined;
  bool undefined = false;
  for (auto element = e.children.begin() + 1; element != e.children.end(); ++element) {
    const Truth t = compare(Comparison::kEqual, value, evaluate(*element, document), e.fold_case);
    if (t == Truth::kTrue) return t;
    undefined |= t == Truth::kUndefined;
  }
  return undefined ? Truth::kUndefined : Truth::kFalse;
}

Value arithmetic(char symbol, const Value& a, const Value& b) {
  if (a.type != Type::kNumber || b.type != Type::kNumber) return {};
  double out = 0;
  switch (symbol) {
    case '+':
      out = a.number + b.number;
      break;
    case '-':
      out = a.number - b.number;
      break;
    case '*':
      out = a.number * b.number;
      break;
    case '/':
      out = b.number == 0 ? NAN : a.number / b.number;
      break;
    default:
      out = b.number == 0 ? NAN : std::fmod(a.number, b.number);
  }
  return std::isfinite(out) ? Value::of(out) : Value{};
}

Value negate(const Value& v) {
  return v.type == Type::kNumber ? Value::of(-v.number) : Value{};
}

// What is looked for must be a primitive; elements that are none never match.
Truth array_contains(const Expression& array, const Value& wanted, const Document& document) {
  if (!wanted.is_primitive()) return Truth::kUndefined;
  const auto matches_wanted = [&](const Value& v) { return compare(Comparison::kEqual, v, wanted) == Truth::kTrue; };
  if (array.kind == Expression::Kind::kArray) {
    return truth_of(std::any_of(array.children.begin(), array.children.end(),
                                [&](const Expression& e) { return matches_wanted(evaluate(e, document)); }));
  }
  if (array.kind != Expression::Kind::kPath || evaluate(array, document).type != Type::kArray) return Truth::kUndefined;
  return truth_of(document.any_of(array.path, matches_wanted));
}

Truth string_function(Function function, const Value& text, const Value& part) {
  if (text.type != Type::kString || part.type != Type::kString) return Truth::kUndefined;
  return truth_of(function == Function::kStartsWith ? text.text.starts_with(part.text)
                                                    : text.text.ends_with(part.text));
}

Truth call(const Expression& e, const Document& document) {
  if (e.function == Function::kArrayContains) {
    return array_contains(e.children[0], evaluate(e.children[1], document), document);
  }
  const Value first = evaluate(e.children[0], document);
  switch (e.function) {
    case Function::kIsDefined:
      return truth_of(first.type != Type::kUndefined);
    case Function::kIsNull:
      return truth_of(first.type == Type::kNull);
    case Function::kIsBool:
      return truth_of(first.type == Type::kBool);
    case Function::kIsNumber:
      return truth_of(first.type == Type::kNumber);
    case Function::kIsString:
      return truth_of(first.type == Type::kString);
    case Function::kIsArray:
      return truth_of(first.type == Type::kArray);
    case Function::kIsObject:
      return truth_of(first.type == Type::kObject);
    case Function::kIsPrimitive:
      return truth_of(first.is_primitive());
    default:
      return string_function(e.function, first, evaluate(e.children[1], document));
  }
}

Value literal(const Expression& e) {
  return e.value.type == Type::kString ? Value::of(std::string_view(e.text)) : e.value;
}

}  // namespace

Value evaluate(const Expression& e, const Document& document) {
  using Kind = Expression::Kind;
  switch (e.kind) {
    case Kind::kLiteral:
      return literal(e);
    case Kind::kPath:
      return e.path.known ? document.find(e.path) : Value{};
    case Kind::kArray:
      return {Type::kArray, false, 0, {}};
    case Kind::kAnd:
      return value_of(combine(e, document, Truth::kFalse));
    case Kind::kOr:
      return value_of(combine(e, document, Truth::kTrue));
    case Kind::kNot:
      return value_of(negation(truth(e.children[0], document)));
    case Kind::kCompare:
      return value_of(
          compare(e.comparison, evaluate(e.children[0], document), evaluate(e.children[1], document), e.fold_case));
    case Kind::kIn:
      return value_of(is_in(e, document));
    case Kind::kArithmetic:
      return arithmetic(e.symbol, evaluate(e.children[0], document), evaluate(e.children[1], document));
    case Kind::kNegate:
      return negate(evaluate(e.children[0], document));
    case Kind::kCall:
      return value_of(call(e, document));
  }
  return {};
}

bool matches(const Statement& statement, const Document& document) {
  return !statement.where || truth(*statement.where, document) == Truth::kTrue;
}

}  // namespace nave::query
