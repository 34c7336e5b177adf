// How IoT Plug and Play writes components and acknowledgements into twin properties (reference/service-rest.md §17).
#pragma once

#include <optional>
#include <string_view>

#include "json/value.h"

namespace nave::hub {

// In a twin, what makes an object a component.
inline constexpr std::string_view kComponentMark = "__t";

// An object that carries "__t": "c". nullptr is none.
[[nodiscard]] bool is_component(const json::Value* value);

// 1–64 letters, digits and '_'; neither a digit nor '_' at the front, no '_' at the end.
[[nodiscard]] bool is_dtdl_name(std::string_view name);

// What a property may be set to: no arrays, no null, DTDL names, at most five objects inside each other.
[[nodiscard]] bool is_property_value(const json::Value& value);

// What a device says about a writable property: {"value", "ac", "av", "ad"}, where only the value and one of the first
// two are a must. Points into the reported value; nullptr is what it does not say.
struct Acknowledgement {
  const json::Value* value = nullptr;
  const json::Value* code = nullptr;
  const json::Value* version = nullptr;
  const json::Value* description = nullptr;
};
// nullopt: a plain value.
[[nodiscard]] std::optional<Acknowledgement> acknowledgement_in(const json::Value& reported);

}  // namespace nave::hub
