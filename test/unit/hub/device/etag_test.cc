#include "hub/device/etag.h"

#include <gtest/gtest.h>

#include "base/base64.h"

namespace nave::hub {
namespace {

// The spellings of reference/service-rest.md §5.
TEST(IfMatchHeader, EverySpelling) {
  using Kind = IfMatch::Kind;
  struct Case {
    std::optional<std::string_view> header;
    Kind kind;
    const char* tag;
    bool quoted;
  };
  for (const Case& c : {
           Case{std::nullopt, Kind::kAbsent, "", false},
           Case{"", Kind::kAbsent, "", false},
           Case{"*", Kind::kAny, "", false},
           Case{"\"*\"", Kind::kAny, "", true},
           Case{"\"NTgwMDg5MDAz\"", Kind::kTag, "NTgwMDg5MDAz", true},
           Case{"NTgwMDg5MDAz", Kind::kTag, "NTgwMDg5MDAz", false},
           Case{"W/\"AAAAAAAAAAE=\"", Kind::kTag, "AAAAAAAAAAE=", true},
           Case{"\"\"", Kind::kTag, "", true},
           Case{"\"", Kind::kTag, "\"", false},
           Case{"\"\"x\"\"", Kind::kTag, "\"x\"", true},  // one pair of quotes only
           Case{"**", Kind::kTag, "**", false},
       }) {
    const IfMatch m = parse_if_match(c.header);
    const std::string shown(c.header.value_or("(none)"));
    EXPECT_EQ(m.kind, c.kind) << shown;
    EXPECT_EQ(m.tag, c.tag) << shown;
    EXPECT_EQ(m.quoted, c.quoted) << shown;
  }
}

TEST(CounterEtag, IsTheBase64OfTheDigits) {
  EXPECT_EQ(counter_etag_text(580089003), "NTgwMDg5MDAz");
  EXPECT_EQ(counter_etag_text(1), "MQ==");
  EXPECT_EQ(parse_counter_etag("NTgwMDg5MDAz"), 580089003U);
  EXPECT_EQ(parse_counter_etag("MQ=="), 1U);
  EXPECT_EQ(parse_counter_etag(counter_etag_text(UINT64_MAX)), UINT64_MAX);
}

TEST(CounterEtag, NothingElseIsOne) {
  for (const char* bad :
       {"", "*", "x", "NTgwMDg5MDA", "AAAAAAAAAAE=", "MDE=" /* 01 */, "LTE=" /* -1 */, "MSA=" /* 1_ */}) {
    EXPECT_EQ(parse_counter_etag(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(parse_counter_etag(base64_encode("18446744073709551616")), std::nullopt);
}

TEST(CounterEtag, BeginsWithNineDigits) {
  for (int i = 0; i < 1000; ++i) {
    const uint64_t first = first_counter_etag();
    EXPECT_GE(first, 100'000'000U);
    EXPECT_LE(first, 999'999'999U);
  }
}

}  // namespace
}  // namespace nave::hub
