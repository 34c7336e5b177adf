#include "base/http_date.h"

#include <gtest/gtest.h>

namespace nave {
namespace {

TEST(HttpDate, ThereAndBack) {
  const UtcTime t = from_unix_ms(1'795'381'620'000);
  EXPECT_EQ(format_http_date(t), "Sun, 22 Nov 2026 21:07:00 GMT");
  EXPECT_EQ(parse_http_date("Sun, 22 Nov 2026 21:07:00 GMT"), t);
  EXPECT_EQ(parse_http_date("Thu, 29 Feb 2024 23:59:59 GMT"), from_unix_ms(1'709'251'199'000));
}

TEST(HttpDate, NothingElse) {
  for (const char* text : {"", "Sun, 22 Nov 2026 21:07:00", "Sun, 22 Nov 2026 21:07:00 UTC",
                           "Sun, 31 Nov 2026 21:07:00 GMT", "Sun, 22 Nov 2026 24:07:00 GMT",
                           "Sun, 22 Nop 2026 21:07:00 GMT", "Sun, -2 Nov 2026 21:07:00 GMT", "2026-11-22T21:07:00Z"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

}  // namespace
}  // namespace nave
