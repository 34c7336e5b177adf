#include "query/value.h"

#include <algorithm>

#include "base/time.h"
#include "base/url.h"

namespace nave::query {
namespace {

// Cheap enough to ask of every string: a time begins "dddd-dd-dd".
bool looks_like_time(std::string_view s) {
  return s.size() >= 10 && s[4] == '-' && s[7] == '-' && s[0] >= '0' && s[0] <= '9';
}

template <class T>
int order(T a, T b) {
  return a < b ? -1 : static_cast<int>(b < a);
}

int order_strings(std::string_view a, std::string_view b) {
  if (looks_like_time(a) && looks_like_time(b)) {
    const auto x = parse_iso8601(a);
    const auto y = parse_iso8601(b);
    if (x && y) return order(*x, *y);
  }
  return compare_utf16(a, b);
}

Truth equal(const Value& a, const Value& b, bool fold_case) {
  if (!a.is_primitive() || !b.is_primitive()) return Truth::kUndefined;
  if (a.type != b.type) return Truth::kFalse;
  switch (a.type) {
    case Type::kBool:
      return truth_of(a.boolean == b.boolean);
    case Type::kNumber:
      return truth_of(a.number == b.number);
    case Type::kString:
      return truth_of(fold_case ? equals_ignore_case(a.text, b.text) : a.text == b.text);
    default:
      return Truth::kTrue;  // null
  }
}

}  // namespace

int compare_utf16(std::string_view a, std::string_view b) {
  const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (x == a.end() || y == b.end()) return order(a.size(), b.size());
  const auto p = static_cast<unsigned char>(*x);
  const auto q = static_cast<unsigned char>(*y);
  // UTF-8 orders by code point. The one difference: what needs a surrogate pair (from 0xF0 on) stands before
  // U+E000–U+FFFF (0xEE, 0xEF).
  if (p >= 0xEE && q >= 0xEE && (p >= 0xF0) != (q >= 0xF0)) return order(q, p);
  return order(p, q);
}

Truth compare(Comparison comparison, const Value& a, const Value& b, bool fold_case) {
  if (comparison == Comparison::kEqual) return equal(a, b, fold_case);
  if (comparison == Comparison::kNotEqual) return negation(equal(a, b, fold_case));
  if (a.type != b.type || (a.type != Type::kNumber && a.type != Type::kString)) return Truth::kUndefined;
  const int o = a.type == Type::kNumber ? order(a.number, b.number) : order_strings(a.text, b.text);
  switch (comparison) {
    case Comparison::kLess:
      return truth_of(o < 0);
    case Comparison::kLessOrEqual:
      return truth_of(o <= 0);
    case Comparison::kGreater:
      return truth_of(o > 0);
    default:
      return truth_of(o >= 0);
  }
}

}  // namespace nave::query
