#include "hub/twin/merge.h"

#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace nave::hub {
namespace {

using json::Member;
using json::Object;
using json::Value;

// Finds, sets and erases members of one object. Look-ups in an Object are linear; from some size on this keeps an
// index, so that a patch with thousands of names does not cost their square.
class Editor {
 public:
  explicit Editor(Object& object) : object_(object) {}
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;
  ~Editor() {
    if (erased_.empty()) return;
    std::vector<Member> kept;
    for (size_t i = 0; i < object_.size(); ++i) {
      if (i >= erased_.size() || !erased_[i]) kept.push_back(std::move(object_.begin()[static_cast<ptrdiff_t>(i)]));
    }
    object_ = json::object_of(std::move(kept));
  }

  // nullptr: no such member. Valid until the next set().
  Value* find(std::string_view name) {
    if (!is_indexed()) return object_.find(name);
    const auto it = index_.find(std::string(name));
    return it == index_.end() ? nullptr : &at(it->second);
  }
  Value& set(std::string_view name, Value value) {
    if (!is_indexed()) return object_.set(name, std::move(value));
    const auto [it, is_new] = index_.try_emplace(std::string(name), object_.size());
    if (is_new) {
      object_.append(std::string(name), std::move(value));
    } else {
      at(it->second) = std::move(value);
    }
    return at(it->second);
  }
  // A name that was erased is not set again: names in a patch are unique.
  void erase(std::string_view name) {
    if (!is_indexed()) {
      object_.erase(name);
      return;
    }
    const auto it = index_.find(std::string(name));
    if (it == index_.end()) return;
    erased_.resize(object_.size());
    erased_[it->second] = true;
    index_.erase(it);
  }

 private:
  static constexpr size_t kIndexedFrom = 32;

  Value& at(size_t i) { return object_.begin()[static_cast<ptrdiff_t>(i)].value; }
  bool is_indexed() {
    if (indexed_ || object_.size() < kIndexedFrom) return indexed_;
    for (size_t i = 0; i < object_.size(); ++i) index_.emplace(object_.begin()[static_cast<ptrdiff_t>(i)].name, i);
    return indexed_ = true;
  }

  Object& object_;
  bool indexed_ = false;
  std::unordered_map<std::string, size_t> index_;
  std::vector<bool> erased_;  // by place; empty while nothing is
};

void touch(Object& node, const TwinStamp& stamp) {
  node.set("$lastUpdated", stamp.time);
  if (stamp.version) node.set("$lastUpdatedVersion", *stamp.version);
}

Object leaf(const TwinStamp& stamp) {
  Object out;
  touch(out, stamp);
  return out;
}

// The object under `name`, empty if there was none or something else.
Object& object_at(Editor& editor, std::string_view name) {
  Value* const old = editor.find(name);
  if (old != nullptr && old->if_object() != nullptr) return *old->if_object();
  return *editor.set(name, Object()).if_object();
}

}  // namespace

void merge_properties(Object& values, Object& metadata, const Object& patch, const TwinStamp& stamp) {
  touch(metadata, stamp);
  Editor value_editor(values);
  Editor metadata_editor(metadata);
  for (const Member& m : patch) {
    if (m.value.is_null()) {
      value_editor.erase(m.name);
      metadata_editor.erase(m.name);
    } else if (const Object* const inner = m.value.if_object()) {
      const Value* const old = value_editor.find(m.name);
      if (old == nullptr || old->if_object() == nullptr) metadata_editor.set(m.name, Object());
      merge_properties(object_at(value_editor, m.name), object_at(metadata_editor, m.name), *inner, stamp);
    } else {
      value_editor.set(m.name, m.value);
      metadata_editor.set(m.name, leaf(stamp));
    }
  }
}

void merge_tags(Object& values, const Object& patch) {
  Editor editor(values);
  for (const Member& m : patch) {
    if (m.value.is_null()) {
      editor.erase(m.name);
    } else if (const Object* const inner = m.value.if_object()) {
      merge_tags(object_at(editor, m.name), *inner);
    } else {
      editor.set(m.name, m.value);
    }
  }
}

}  // namespace nave::hub
