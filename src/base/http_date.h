// Dates as HTTP writes them (RFC 9110 §5.6.7), e.g. "Sun, 22 Nov 2026 21:07:00 GMT".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace nave {

[[nodiscard]] std::string format_http_date(UtcTime t);
// That form only, the weekday not looked at.
[[nodiscard]] std::optional<UtcTime> parse_http_date(std::string_view text);

}  // namespace nave
