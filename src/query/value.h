// What an expression of a query is worth for one document, and how values compare (reference/query-language.md §5).
#pragma once

#include <cstdint>
#include <string_view>

namespace nave::query {

enum class Type : uint8_t { kUndefined, kNull, kBool, kNumber, kString, kArray, kObject };

// Of an array or object only the type: what is inside is asked of its Document.
struct Value {
  Type type = Type::kUndefined;
  bool boolean = false;
  double number = 0;
  std::string_view text;  // of a string; belongs to the document or the query

  static Value null() { return {Type::kNull, false, 0, {}}; }
  static Value of(bool b) { return {Type::kBool, b, 0, {}}; }
  static Value of(double n) { return {Type::kNumber, false, n, {}}; }
  static Value of(std::string_view s) { return {Type::kString, false, 0, s}; }
  [[nodiscard]] bool is_primitive() const { return type >= Type::kNull && type <= Type::kString; }
};

enum class Truth : uint8_t { kFalse, kTrue, kUndefined };

[[nodiscard]] constexpr Truth truth_of(bool b) {
  return b ? Truth::kTrue : Truth::kFalse;
}
// Anything but a boolean counts as undefined.
[[nodiscard]] inline Truth truth_of(const Value& v) {
  return v.type == Type::kBool ? truth_of(v.boolean) : Truth::kUndefined;
}
[[nodiscard]] inline Value value_of(Truth t) {
  return t == Truth::kUndefined ? Value{} : Value::of(t == Truth::kTrue);
}
[[nodiscard]] constexpr Truth negation(Truth t) {
  return t == Truth::kUndefined ? t : truth_of(t == Truth::kFalse);
}

enum class Comparison : uint8_t { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

// `fold_case`: strings are equal whatever the case of their ASCII letters. Strings that are both times are ordered as
// instants: as text "…00.5Z" would stand before "…00Z".
[[nodiscard]] Truth compare(Comparison comparison, const Value& a, const Value& b, bool fold_case = false);

// Negative, zero or positive: the order of UTF-8 texts by UTF-16 code units, as .NET orders them.
[[nodiscard]] int compare_utf16(std::string_view a, std::string_view b);

}  // namespace nave::query
