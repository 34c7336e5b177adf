#include "base/http_date.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace nave {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// −1: not a number of just these digits.
int number(std::string_view digits) {
  int out = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return problem == std::errc() && end == digits.data() + digits.size() && digits[0] != '-' ? out : -1;
}

}  // namespace

std::string format_http_date(UtcTime t) {
  const auto day = std::chrono::floor<std::chrono::days>(t);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(t - day));
  std::array<char, 40> text{};
  const int n = std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
                              kDays[std::chrono::weekday(day).c_encoding()].data(), static_cast<unsigned>(date.day()),
                              kMonths[static_cast<unsigned>(date.month()) - 1].data(), static_cast<int>(date.year()),
                              static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                              static_cast<int>(time.seconds().count()));
  return {text.data(), static_cast<size_t>(n)};
}

std::optional<UtcTime> parse_http_date(std::string_view text) {
  constexpr std::string_view kForm = "Sun, 22 Nov 2026 21:07:00 GMT";
  if (text.size() != kForm.size() || !text.ends_with(" GMT") || text.substr(3, 2) != ", " || text[19] != ':' ||
      text[22] != ':' || text[7] != ' ' || text[11] != ' ' || text[16] != ' ') {
    return {};
  }
  const auto month = std::ranges::find(kMonths, text.substr(8, 3));
  const int day = number(text.substr(5, 2));
  const int year = number(text.substr(12, 4));
  const int h = number(text.substr(17, 2));
  const int m = number(text.substr(20, 2));
  const int s = number(text.substr(23, 2));
  if (month == kMonths.end() || day < 1 || year < 0 || h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60) return {};
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return {};
  return UtcTime(std::chrono::sys_days(date).time_since_epoch()) + std::chrono::hours(h) + std::chrono::minutes(m) +
         std::chrono::seconds(s);
}

}  // namespace nave
