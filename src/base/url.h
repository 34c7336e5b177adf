// Percent-encoding as the SDKs use it (reference/device-mqtt-https.md §2.3, §3.2): '+' is always a literal plus.
#pragma once

#include <string>
#include <string_view>

namespace nave {

// Decodes every well-formed %XX; a malformed one is kept literally.
[[nodiscard]] std::string percent_decode(std::string_view text);
// Encodes everything but A–Z a–z 0–9 - _ . ~, upper-case hex.
[[nodiscard]] std::string percent_encode(std::string_view text);
void percent_decode_append(std::string& out, std::string_view text);

[[nodiscard]] bool equals_ignore_case(std::string_view a, std::string_view b);  // ASCII
[[nodiscard]] std::string to_lower(std::string_view text);                      // ASCII
[[nodiscard]] bool is_valid_utf8(std::string_view text);

}  // namespace nave
