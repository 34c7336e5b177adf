#include "hub/device/ids.h"

#include <algorithm>

#include "base/limits.h"

namespace nave::hub {
namespace {

bool is_id_char(char c) {
  if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) return true;
  return c != '\0' && std::string_view("-:.+%_#*?!(),=@;$'").find(c) != std::string_view::npos;
}

}  // namespace

bool is_valid_id(std::string_view id) {
  return !id.empty() && id.size() <= limits::kIdCharsMax && std::all_of(id.begin(), id.end(), is_id_char);
}

bool is_system_module_id(std::string_view module_id) {
  return module_id.starts_with('$');
}

}  // namespace nave::hub
