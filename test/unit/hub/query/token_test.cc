#include "hub/query/token.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "hub/query/limits.h"

namespace nave::hub {
namespace {

const std::string kQuery = "SELECT * FROM devices";

TEST(QueryToken, ComesBackForItsQueryOnly) {
  for (const QueryPosition& position :
       {QueryPosition{{"d", ""}, 0, 1}, QueryPosition{{"d", "m"}, 0, UINT64_MAX}, QueryPosition{{"", ""}, 7, 7},
        QueryPosition{{std::string(limits::kIdCharsMax, 'd'), std::string(limits::kIdCharsMax, 'm')}, 1, 2}}) {
    const std::string token = write_token(position, kQuery);
    EXPECT_EQ(read_token(token, kQuery), position);
    EXPECT_LE(token.size(), kQueryTokenBytesMax);
    EXPECT_EQ(read_token(token, kQuery + " "), std::nullopt);
    EXPECT_EQ(read_token(token, "select * FROM devices"), std::nullopt);
    for (const char c : token) EXPECT_TRUE(c > ' ' && c <= '~');
  }
}

TEST(QueryToken, AnyOtherTextIsNone) {
  const std::string token = write_token({{"device", "module"}, 3, 4}, kQuery);
  for (size_t i = 0; i < token.size(); ++i) {
    std::string other = token;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(read_token(other, kQuery), std::nullopt) << i;
    EXPECT_EQ(read_token(token.substr(0, i), kQuery), std::nullopt) << i;
  }
  EXPECT_EQ(read_token(std::string(kQueryTokenBytesMax + 4, 'A'), kQuery), std::nullopt);
}

}  // namespace
}  // namespace nave::hub
