#include "base/time.h"

#include <array>
#include <cstdio>

namespace nave {
namespace {

struct Civil {
  int year;
  unsigned month, day;
  int64_t hour, minute, second, ticks;
};

Civil civil(UtcTime t) {
  const auto days = std::chrono::floor<std::chrono::days>(t);
  const std::chrono::year_month_day ymd{days};
  const std::chrono::hh_mm_ss<Ticks> hms{t - days};
  return {static_cast<int>(ymd.year()),
          static_cast<unsigned>(ymd.month()),
          static_cast<unsigned>(ymd.day()),
          hms.hours().count(),
          hms.minutes().count(),
          hms.seconds().count(),
          hms.subseconds().count()};
}

std::string to_seconds(const Civil& c) {
  std::array<char, 40> b{};
  const int n = std::snprintf(b.data(), b.size(), "%04d-%02u-%02uT%02d:%02d:%02d", c.year, c.month, c.day,
                              static_cast<int>(c.hour), static_cast<int>(c.minute), static_cast<int>(c.second));
  return {b.data(), static_cast<size_t>(n)};
}

std::string fraction7(int64_t ticks) {
  std::array<char, 16> b{};
  const int n = std::snprintf(b.data(), b.size(), ".%07d", static_cast<int>(ticks));
  return {b.data(), static_cast<size_t>(n)};
}

class Reader {
 public:
  explicit Reader(std::string_view s) : s_(s) {}
  bool number(size_t digits, int& out) {
    if (s_.size() < digits) return false;
    out = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (s_[i] < '0' || s_[i] > '9') return false;
      out = out * 10 + (s_[i] - '0');
    }
    s_.remove_prefix(digits);
    return true;
  }
  bool literal(char c) {
    if (s_.empty() || s_.front() != c) return false;
    s_.remove_prefix(1);
    return true;
  }
  // 1–9 digits, kept to 100 ns.
  bool fraction(int64_t& ticks) {
    size_t n = 0;
    int64_t v = 0;
    while (n < s_.size() && s_[n] >= '0' && s_[n] <= '9') {
      if (n < 7) v = v * 10 + (s_[n] - '0');
      ++n;
    }
    if (n == 0 || n > 9) return false;
    for (size_t i = n; i < 7; ++i) v *= 10;
    ticks = v;
    s_.remove_prefix(n);
    return true;
  }
  [[nodiscard]] bool done() const { return s_.empty(); }

 private:
  std::string_view s_;
};

// "Z", "+hh:mm", "-hhmm" or nothing; minutes to subtract.
bool read_offset(Reader& r, int& minutes) {
  minutes = 0;
  if (r.done() || r.literal('Z') || r.literal('z')) return true;
  const bool plus = r.literal('+');
  if (!plus && !r.literal('-')) return false;
  int h = 0;
  int m = 0;
  if (!r.number(2, h)) return false;
  (void)r.literal(':');
  if (!r.number(2, m) || h > 14 || m > 59) return false;
  minutes = (plus ? 1 : -1) * (h * 60 + m);
  return true;
}

}  // namespace

std::string format_iso8601(UtcTime t) {
  const Civil c = civil(t);
  std::string out = to_seconds(c);
  if (c.ticks != 0) {
    std::string f = fraction7(c.ticks);
    while (f.back() == '0') f.pop_back();
    out += f;
  }
  return out + "Z";
}

std::string format_iso8601_fixed(UtcTime t) {
  const Civil c = civil(t);
  return to_seconds(c) + fraction7(c.ticks) + "Z";
}

std::string format_tracking(UtcTime t) {
  const Civil c = civil(t);
  std::array<char, 40> b{};
  const int n = std::snprintf(b.data(), b.size(), "%02u/%02u/%04d %02d:%02d:%02d", c.month, c.day, c.year,
                              static_cast<int>(c.hour), static_cast<int>(c.minute), static_cast<int>(c.second));
  return {b.data(), static_cast<size_t>(n)};
}

std::optional<UtcTime> parse_iso8601(std::string_view text) {
  Reader r(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, offset = 0;
  int64_t ticks = 0;
  if (!r.number(4, year) || !r.literal('-') || !r.number(2, month) || !r.literal('-') || !r.number(2, day)) return {};
  const std::chrono::year_month_day ymd{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                        std::chrono::day{static_cast<unsigned>(day)}};
  if (!ymd.ok()) return {};
  if (!r.done()) {
    if (!r.literal('T') && !r.literal('t') && !r.literal(' ')) return {};
    if (!r.number(2, hour) || !r.literal(':') || !r.number(2, minute)) return {};
    if (r.literal(':')) {
      if (!r.number(2, second)) return {};
      if (r.literal('.') && !r.fraction(ticks)) return {};
    }
    if (hour > 23 || minute > 59 || second > 59 || !read_offset(r, offset)) return {};
  }
  if (!r.done()) return {};
  return UtcTime{std::chrono::sys_days{ymd}} + std::chrono::hours{hour} + std::chrono::minutes{minute - offset} +
         std::chrono::seconds{second} + Ticks{ticks};
}

}  // namespace nave
