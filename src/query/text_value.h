// JSON text as values of a query, without a tree.
#pragma once

#include <forward_list>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "query/path.h"
#include "query/value.h"

namespace nave::query {

// Texts of values that stand nowhere as they are; none moves when others are added.
using Texts = std::forward_list<std::string>;

// The text of the value that `steps` lead to from `root`. nullopt: nothing is there.
[[nodiscard]] std::optional<std::string_view> walk_text(std::string_view root, std::span<const Step> steps);

// Its text belongs to `json`, or to `texts`.
[[nodiscard]] Value value_of_text(std::string_view json, Texts& texts);

// Calls `visit` with each element of an array until it returns true, and returns whether it did.
bool any_of_text(std::string_view json, const std::function<bool(const Value&)>& visit);

// As far as a double goes; what is too large is infinite.
[[nodiscard]] double number_of(std::string_view json);

}  // namespace nave::query
