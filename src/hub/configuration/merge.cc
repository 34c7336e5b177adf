#include "hub/configuration/merge.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace nave::hub {
namespace {

using json::Array;
using json::Member;
using json::Object;
using json::Value;

// Look-ups in an Object are linear; with many members this keeps an index.
class Members {
 public:
  explicit Members(const Object& object) : object_(object) {
    if (object.size() < kIndexedFrom) return;
    for (const Member& m : object) index_.emplace(m.name, &m.value);
  }
  [[nodiscard]] const Value* find(std::string_view name) const {
    if (index_.empty()) return object_.find(name);
    const auto it = index_.find(name);
    return it == index_.end() ? nullptr : it->second;
  }

 private:
  static constexpr size_t kIndexedFrom = 32;
  const Object& object_;
  std::unordered_map<std::string_view, const Value*> index_;
};

bool same(const Value& a, const Value& b) {
  if (const Object* x = a.if_object()) {
    const Object* const y = b.if_object();
    if (y == nullptr || x->size() != y->size()) return false;
    const Members members(*y);
    return std::all_of(x->begin(), x->end(), [&](const Member& m) {
      const Value* const other = members.find(m.name);
      return other != nullptr && same(m.value, *other);
    });
  }
  if (const Array* x = a.if_array()) {
    const Array* const y = b.if_array();
    return y != nullptr && std::equal(x->begin(), x->end(), y->begin(), y->end(), same);
  }
  return a == b;
}

}  // namespace

void apply_write(Object& desired, const DesiredWrite& write) {
  if (write.path.empty()) {
    desired = *write.value.if_object();
    return;
  }
  Object* at = &desired;
  for (size_t i = 0; i + 1 < write.path.size(); ++i) {
    Value* next = at->find(write.path[i]);
    if (next == nullptr || next->if_object() == nullptr) {
      if (write.value.is_null()) return;
      next = &at->set(write.path[i], Object());
    }
    at = next->if_object();
  }
  if (write.value.is_null()) {
    at->erase(write.path.back());
  } else {
    at->set(write.path.back(), write.value);
  }
}

bool is_overridden(const DesiredWrite& write, const DesiredWrite& later) {
  return later.path.size() <= write.path.size() && std::equal(later.path.begin(), later.path.end(), write.path.begin());
}

Object merge_patch(const Object& from, const Object& to) {
  Object out;
  const Members before(from);
  const Members after(to);
  for (const Member& m : from) {
    if (after.find(m.name) == nullptr) out.append(m.name, Value());
  }
  for (const Member& m : to) {
    const Value* const old = before.find(m.name);
    if (old != nullptr && same(*old, m.value)) continue;
    if (old != nullptr && old->if_object() != nullptr && m.value.if_object() != nullptr) {
      out.append(m.name, merge_patch(*old->if_object(), *m.value.if_object()));
    } else {
      out.append(m.name, m.value);
    }
  }
  return out;
}

}  // namespace nave::hub
