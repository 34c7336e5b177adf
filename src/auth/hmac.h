// HMAC-SHA256 for tokens, fast enough (about a microsecond) that no token cache is needed.
#pragma once

#include <array>
#include <string_view>

namespace nave::auth {

using Sha256 = std::array<unsigned char, 32>;

// HMAC-SHA256 over a, b and c in a row.
[[nodiscard]] Sha256 hmac_sha256(std::string_view key, std::string_view a, std::string_view b = {},
                                 std::string_view c = {});

}  // namespace nave::auth
