// A small ordered JSON tree. Numbers keep the spelling they were written with and objects keep the order of their keys,
// because devices compare what they sent with what they read back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace nave::json {

class Value;
struct Member;
using Array = std::vector<Value>;

// A number as text; always matches the grammar of RFC 8259 §6.
struct Number {
  std::string text;
  bool operator==(const Number&) const = default;
};

// Members in the order of their first appearance; names are unique. Look-ups are linear: objects are small, and those
// of a peer are bounded by the size of its message.
class Object {
 public:
  Object() = default;

  [[nodiscard]] const Value* find(std::string_view name) const;  // nullptr: no such member
  [[nodiscard]] Value* find(std::string_view name);
  // Replaces the value in place, or appends a new member.
  Value& set(std::string_view name, Value value);
  // Appends without looking for `name`: the caller knows that it is new.
  void append(std::string name, Value value);
  bool erase(std::string_view name);

  [[nodiscard]] size_t size() const;
  [[nodiscard]] bool empty() const { return members_.empty(); }
  [[nodiscard]] std::vector<Member>::const_iterator begin() const;
  [[nodiscard]] std::vector<Member>::const_iterator end() const;
  [[nodiscard]] std::vector<Member>::iterator begin();
  [[nodiscard]] std::vector<Member>::iterator end();

  // Order counts.
  bool operator==(const Object& other) const;

 private:
  friend Object object_of(std::vector<Member> members);
  std::vector<Member> members_;
};

class Value {
 public:
  Value();                             // null
  Value(std::nullptr_t) : Value() {}   // NOLINT(google-explicit-constructor)
  Value(bool b);                       // NOLINT(google-explicit-constructor)
  Value(int64_t n);                    // NOLINT(google-explicit-constructor)
  Value(int n) : Value(int64_t{n}) {}  // NOLINT(google-explicit-constructor)
  Value(uint64_t n);                   // NOLINT(google-explicit-constructor)
  Value(Number n);                     // NOLINT(google-explicit-constructor)
  Value(std::string s);                // NOLINT(google-explicit-constructor)
  Value(std::string_view s);           // NOLINT(google-explicit-constructor)
  Value(const char* s);                // NOLINT(google-explicit-constructor)
  Value(Array a);                      // NOLINT(google-explicit-constructor)
  Value(Object o);                     // NOLINT(google-explicit-constructor)
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(v_); }
  // nullptr when the value is of another type.
  [[nodiscard]] const bool* if_bool() const { return std::get_if<bool>(&v_); }
  [[nodiscard]] const Number* if_number() const { return std::get_if<Number>(&v_); }
  [[nodiscard]] const std::string* if_string() const { return std::get_if<std::string>(&v_); }
  [[nodiscard]] const Array* if_array() const { return std::get_if<Array>(&v_); }
  [[nodiscard]] const Object* if_object() const { return std::get_if<Object>(&v_); }
  [[nodiscard]] Array* if_array() { return std::get_if<Array>(&v_); }
  [[nodiscard]] Object* if_object() { return std::get_if<Object>(&v_); }
  // A number written as an integer that fits; nullopt otherwise.
  [[nodiscard]] std::optional<int64_t> to_int64() const;

  // Numbers compare by spelling, objects with their order.
  bool operator==(const Value& other) const;

 private:
  std::variant<std::monostate, bool, Number, std::string, Array, Object> v_;
};

struct Member {
  std::string name;
  Value value;
};
[[nodiscard]] bool operator==(const Member& a, const Member& b);

// An object of `members`; of several with one name the last value stays, at the place of the first.
[[nodiscard]] Object object_of(std::vector<Member> members);

}  // namespace nave::json
