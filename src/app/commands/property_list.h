// "name=value;name=value", as `az iot` writes message properties.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace nave::app {

// Throws std::runtime_error for a pair without '='.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> parse_property_list(const std::string& text);

}  // namespace nave::app
