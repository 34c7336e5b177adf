#include "query/json_document.h"

#include <algorithm>

#include "json/write.h"
#include "query/text_value.h"

namespace nave::query {
Value value_of(const json::Value& v) {
  if (v.is_null()) return Value::null();
  if (const bool* b = v.if_bool()) return Value::of(*b);
  if (const json::Number* n = v.if_number()) return Value::of(number_of(n->text));
  if (const std::string* s = v.if_string()) return Value::of(std::string_view(*s));
  return {v.if_array() != nullptr ? Type::kArray : Type::kObject, false, 0, {}};
}

const json::Value* walk(const json::Value& root, std::span<const Step> steps) {
  const json::Value* at = &root;
  for (const Step& step : steps) {
    if (step.index) {
      const json::Array* array = at->if_array();
      if (array == nullptr || *step.index >= array->size()) return nullptr;
      at = &(*array)[*step.index];
    } else {
      const json::Object* object = at->if_object();
      at = object == nullptr ? nullptr : object->find(step.name);
      if (at == nullptr) return nullptr;
    }
  }
  return at;
}

Value JsonDocument::find(const Path& path) const {
  const json::Value* found = walk(root_, path.steps);
  return found == nullptr ? Value{} : value_of(*found);
}

bool JsonDocument::write(const Path& path, std::string& out) const {
  const json::Value* found = walk(root_, path.steps);
  if (found == nullptr) return false;
  json::write(*found, out);
  return true;
}

bool JsonDocument::any_of(const Path& path, const std::function<bool(const Value&)>& visit) const {
  const json::Value* found = walk(root_, path.steps);
  const json::Array* array = found == nullptr ? nullptr : found->if_array();
  return array != nullptr &&
         std::any_of(array->begin(), array->end(), [&](const json::Value& v) { return visit(value_of(v)); });
}

}  // namespace nave::query
