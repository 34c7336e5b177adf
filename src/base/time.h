// Calendar time in the resolution that the service speaks: 100 ns ticks, UTC.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nave {

using Ticks = std::chrono::duration<int64_t, std::ratio<1, 10'000'000>>;
using UtcTime = std::chrono::sys_time<Ticks>;

// 0001-01-01T00:00:00Z: what the service writes for "never".
inline constexpr UtcTime kNever{Ticks{-621'355'968'000'000'000}};

[[nodiscard]] constexpr int64_t unix_ms(UtcTime t) {
  return std::chrono::floor<std::chrono::milliseconds>(t.time_since_epoch()).count();
}
[[nodiscard]] constexpr int64_t unix_seconds(UtcTime t) {
  return std::chrono::floor<std::chrono::seconds>(t.time_since_epoch()).count();
}
[[nodiscard]] constexpr UtcTime from_unix_ms(int64_t ms) {
  return UtcTime{std::chrono::milliseconds{ms}};
}
// Ticks since 0001-01-01, as .NET counts them; generation ids are this number (reference/service-rest.md §6.1).
[[nodiscard]] constexpr int64_t dotnet_ticks(UtcTime t) {
  return (t - kNever).count();
}

// "2026-08-15T09:07:36.7576697Z": up to 7 fraction digits, trailing zeros trimmed, no '.' when there is no fraction.
[[nodiscard]] std::string format_iso8601(UtcTime t);
// The same with exactly 7 fraction digits, which .NET's ParseExact("o") demands (reference/device-mqtt-https.md §4.3).
[[nodiscard]] std::string format_iso8601_fixed(UtcTime t);
// "11/22/2026 21:07:00": the time in a tracking id.
[[nodiscard]] std::string format_tracking(UtcTime t);
// Accepts with or without 'Z', with an offset, 0–9 fraction digits, 'T' or a space, date alone; nothing else.
[[nodiscard]] std::optional<UtcTime> parse_iso8601(std::string_view text);

}  // namespace nave
