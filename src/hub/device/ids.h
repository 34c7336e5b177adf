// The rules for device and module ids (reference/service-rest.md §6.2).
#pragma once

#include <string_view>

namespace nave::hub {

// 1–128 ASCII characters of A–Z a–z 0–9 - : . + % _ # * ? ! ( ) , = @ ; $ '
[[nodiscard]] bool is_valid_id(std::string_view id);
// $edgeAgent, $edgeHub: made with an edge device, never by a client.
[[nodiscard]] bool is_system_module_id(std::string_view module_id);

}  // namespace nave::hub
