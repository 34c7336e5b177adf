// RFC 4648 base64 with padding, as keys, signatures and ETags use it.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"

namespace nave {

[[nodiscard]] std::string base64_encode(ByteView bytes);
// Strict: the standard alphabet, correct padding, length a multiple of four; anything else is nullopt.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

}  // namespace nave
