#include "app/commands/property_list.h"

#include <stdexcept>
#include <string_view>

namespace nave::app {

std::vector<std::pair<std::string, std::string>> parse_property_list(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> out;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string_view::npos)
      throw std::runtime_error("properties are written \"name=value;name=value\"");
    out.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return out;
}

}  // namespace nave::app
