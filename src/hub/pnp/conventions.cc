#include "hub/pnp/conventions.h"

#include <algorithm>

#include "base/limits.h"

namespace nave::hub {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_value(const json::Value& value, size_t depth) {
  if (value.is_null() || value.if_array() != nullptr) return false;
  const json::Object* const object = value.if_object();
  if (object == nullptr) return true;
  return depth < limits::kDigitalTwinDepthMax && std::ranges::all_of(*object, [depth](const json::Member& m) {
           return is_dtdl_name(m.name) && is_value(m.value, depth + 1);
         });
}

}  // namespace

bool is_component(const json::Value* value) {
  const json::Object* const object = value == nullptr ? nullptr : value->if_object();
  const json::Value* const mark = object == nullptr ? nullptr : object->find(kComponentMark);
  return mark != nullptr && mark->if_string() != nullptr && *mark->if_string() == "c";
}

bool is_dtdl_name(std::string_view name) {
  if (name.empty() || name.size() > limits::kDigitalTwinNameCharsMax) return false;
  if (!is_letter(name.front()) || name.back() == '_') return false;
  return std::ranges::all_of(name, [](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

bool is_property_value(const json::Value& value) {
  return is_value(value, 0);
}

std::optional<Acknowledgement> acknowledgement_in(const json::Value& reported) {
  const json::Object* const object = reported.if_object();
  if (object == nullptr) return {};
  const Acknowledgement out{object->find("value"), object->find("ac"), object->find("av"), object->find("ad")};
  if (out.value == nullptr || (out.code == nullptr && out.version == nullptr)) return {};
  return out;
}

}  // namespace nave::hub
