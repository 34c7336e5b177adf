// The selector with which a receiver says where it wants to begin (reference/amqp.md §9.3):
//
//   amqp.annotation.<name> <op> <value>       op is > or >=; the value is quoted or bare
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "hub/ports.h"

namespace nave::front::eventhub {

// Longest selector that is looked at.
inline constexpr size_t kSelectorBytesMax = 256;

// A selector that cannot be understood is an error with a text for the client (com.microsoft:argument-error).
[[nodiscard]] Result<hub::EventPosition, std::string> parse_selector(std::string_view selector);

}  // namespace nave::front::eventhub
