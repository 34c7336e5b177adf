#include "base/time.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace nave {
namespace {

UtcTime at(int64_t unix_s, int64_t ticks = 0) {
  return UtcTime{std::chrono::seconds{unix_s}} + Ticks{ticks};
}

TEST(Time, Iso8601TrimsZeros) {
  EXPECT_EQ(format_iso8601(at(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_iso8601(at(1'786'784'856, 7'576'697)), "2026-08-15T09:07:36.7576697Z");
  EXPECT_EQ(format_iso8601(at(0, 5'000'000)), "1970-01-01T00:00:00.5Z");
  EXPECT_EQ(format_iso8601(at(0, 1)), "1970-01-01T00:00:00.0000001Z");
  EXPECT_EQ(format_iso8601(at(0, 1'000)), "1970-01-01T00:00:00.0001Z");
  EXPECT_EQ(format_iso8601(kNever), "0001-01-01T00:00:00Z");
  EXPECT_EQ(format_iso8601(at(-1, 9'999'999)), "1969-12-31T23:59:59.9999999Z");
  EXPECT_EQ(format_iso8601(at(253'402'300'799)), "9999-12-31T23:59:59Z");
}

TEST(Time, FixedAlwaysHasSevenDigits) {
  EXPECT_EQ(format_iso8601_fixed(at(1'704'067'200)), "2024-01-01T00:00:00.0000000Z");
  EXPECT_EQ(format_iso8601_fixed(at(0, 5'000'000)), "1970-01-01T00:00:00.5000000Z");
  EXPECT_EQ(format_iso8601_fixed(kNever), "0001-01-01T00:00:00.0000000Z");
}

TEST(Time, Tracking) {
  EXPECT_EQ(format_tracking(at(1'669'151'220)), "11/22/2022 21:07:00");
}

TEST(Time, UnitsOfTheWire) {
  EXPECT_EQ(dotnet_ticks(kNever), 0);
  EXPECT_EQ(dotnet_ticks(at(0)), 621'355'968'000'000'000);
  EXPECT_EQ(unix_ms(at(1, 9'999)), 1000);
  EXPECT_EQ(unix_ms(at(0, -1)), -1) << "rounds down before 1970, too";
  EXPECT_EQ(unix_seconds(at(5, 9'999'999)), 5);
  EXPECT_EQ(unix_ms(from_unix_ms(1'786'784'856'757)), 1'786'784'856'757);
}

TEST(Time, ParsesWhatClientsSend) {
  const std::pair<const char*, UtcTime> good[] = {
      {"2026-08-15T09:07:36.7576697Z", at(1'786'784'856, 7'576'697)},
      {"2026-08-15T09:07:36Z", at(1'786'784'856)},
      {"2026-08-15T09:07:36", at(1'786'784'856)},
      {"2026-08-15t09:07:36z", at(1'786'784'856)},
      {"2026-08-15 09:07:36.5", at(1'786'784'856, 5'000'000)},
      {"2026-08-15T09:07Z", at(1'786'784'820)},
      {"2026-08-15T11:07:36+02:00", at(1'786'784'856)},
      {"2026-08-15T11:07:36+0200", at(1'786'784'856)},
      {"2026-08-15T03:37:36-05:30", at(1'786'784'856)},
      {"2026-08-15T09:07:36.123456789Z", at(1'786'784'856, 1'234'567)},
      {"2026-08-15T09:07:36.1Z", at(1'786'784'856, 1'000'000)},
      {"2026-08-15", at(1'786'752'000)},
      {"0001-01-01T00:00:00Z", kNever},
      {"2024-02-29T00:00:00Z", at(1'709'164'800)},
      {"9999-12-31T23:59:59.9999999Z", at(253'402'300'799, 9'999'999)},
  };
  for (const auto& [text, time] : good) EXPECT_EQ(parse_iso8601(text), time) << text;
}

TEST(Time, RefusesEverythingElse) {
  for (const char* text : {"",
                           "2026",
                           "2026-08",
                           "2026-8-15",
                           "2026-02-30",
                           "2023-02-29",
                           "2026-13-01",
                           "2026-00-01",
                           "2026-01-00",
                           "2026-08-15T",
                           "2026-08-15T24:00:00Z",
                           "2026-08-15T09:60:00Z",
                           "2026-08-15T09:07:60Z",
                           "2026-08-15T9:07:36Z",
                           "2026-08-15T09:07:36.Z",
                           "2026-08-15T09:07:36.1234567890Z",
                           "2026-08-15T09:07:36+15:00",
                           "2026-08-15T09:07:36+02",
                           "2026-08-15T09:07:36+02:60",
                           "2026-08-15T09:07:36ZZ",
                           "2026-08-15T09:07:36Z ",
                           " 2026-08-15",
                           "2026-08-15X09:07:36Z",
                           "20260815T090736Z",
                           "-026-08-15",
                           "2026-08-15T09:07:36,5Z"}) {
    EXPECT_EQ(parse_iso8601(text), std::nullopt) << text;
  }
}

TEST(Time, WhatIsFormattedIsParsed) {
  for (int64_t s = -62'135'596'800; s < 253'402'300'000; s += 987'654'321) {
    const UtcTime t = at(s, (s & 0xffff) * 100);
    EXPECT_EQ(parse_iso8601(format_iso8601(t)), t);
    EXPECT_EQ(parse_iso8601(format_iso8601_fixed(t)), t);
  }
}

TEST(ManualClock, JumpsMoveOnlyTheCalendar) {
  ManualClock clock(at(100));
  const int64_t steady = clock.steady_ms();
  clock.advance(std::chrono::milliseconds(1500));
  EXPECT_EQ(clock.utc(), at(101, 5'000'000));
  EXPECT_EQ(clock.steady_ms(), steady + 1500);
  clock.jump_utc(std::chrono::duration_cast<Ticks>(std::chrono::hours(-1)));
  EXPECT_EQ(clock.utc(), at(101 - 3600, 5'000'000));
  EXPECT_EQ(clock.steady_ms(), steady + 1500);
}

}  // namespace
}  // namespace nave
