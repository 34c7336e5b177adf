#include "json/value.h"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace nave::json {

const Value* Object::find(std::string_view name) const {
  for (const Member& m : members_) {
    if (m.name == name) return &m.value;
  }
  return nullptr;
}

Value* Object::find(std::string_view name) {
  for (Member& m : members_) {
    if (m.name == name) return &m.value;
  }
  return nullptr;
}

Value& Object::set(std::string_view name, Value value) {
  if (Value* const old = find(name)) {
    *old = std::move(value);
    return *old;
  }
  members_.push_back({std::string(name), std::move(value)});
  return members_.back().value;
}

void Object::append(std::string name, Value value) {
  members_.push_back({std::move(name), std::move(value)});
}

bool Object::erase(std::string_view name) {
  return std::erase_if(members_, [name](const Member& m) { return m.name == name; }) != 0;
}

size_t Object::size() const {
  return members_.size();
}
std::vector<Member>::const_iterator Object::begin() const {
  return members_.begin();
}
std::vector<Member>::const_iterator Object::end() const {
  return members_.end();
}
std::vector<Member>::iterator Object::begin() {
  return members_.begin();
}
std::vector<Member>::iterator Object::end() {
  return members_.end();
}

bool Object::operator==(const Object& other) const {
  return members_ == other.members_;
}

Value::Value() = default;
Value::Value(bool b) : v_(b) {}
Value::Value(int64_t n) : v_(Number{std::to_string(n)}) {}
Value::Value(uint64_t n) : v_(Number{std::to_string(n)}) {}
Value::Value(Number n) : v_(std::move(n)) {}
Value::Value(std::string s) : v_(std::move(s)) {}
Value::Value(std::string_view s) : v_(std::string(s)) {}
Value::Value(const char* s) : v_(std::string(s)) {}
Value::Value(Array a) : v_(std::move(a)) {}
Value::Value(Object o) : v_(std::move(o)) {}
Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;

std::optional<int64_t> Value::to_int64() const {
  const Number* const n = if_number();
  if (n == nullptr) return {};
  int64_t out = 0;
  const char* const last = n->text.data() + n->text.size();
  const auto [end, error] = std::from_chars(n->text.data(), last, out);
  if (error != std::errc{} || end != last) return {};
  return out;
}

// Written out, and the members' one too: clang 16 does not survive defaulted comparisons of a recursive variant.
bool Value::operator==(const Value& other) const {
  return v_ == other.v_;
}

bool operator==(const Member& a, const Member& b) {
  return a.name == b.name && a.value == b.value;
}

namespace {

// Comparing each with each is quickest for the few members that most objects have.
bool few_and_all_different(const std::vector<Member>& members) {
  constexpr size_t kFew = 16;
  if (members.size() > kFew) return false;
  for (size_t i = 1; i < members.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      if (members[i].name == members[k].name) return false;
    }
  }
  return true;
}

}  // namespace

// Sorting instead of a look-up per member keeps an object of many members from costing its square.
Object object_of(std::vector<Member> members) {
  Object out;
  if (few_and_all_different(members)) {
    out.members_ = std::move(members);
    return out;
  }
  std::vector<size_t> order(members.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return members[a].name < members[b].name; });
  std::vector<bool> repeated(members.size());
  bool any = false;
  for (size_t i = 0; i < order.size();) {
    size_t last = i;
    while (last + 1 < order.size() && members[order[last + 1]].name == members[order[i]].name) {
      repeated[order[++last]] = true;
      any = true;
    }
    if (last != i) members[order[i]].value = std::move(members[order[last]].value);
    i = last + 1;
  }
  if (!any) {
    out.members_ = std::move(members);
    return out;
  }
  for (size_t i = 0; i < members.size(); ++i) {
    if (!repeated[i]) out.members_.push_back(std::move(members[i]));
  }
  return out;
}

}  // namespace nave::json
