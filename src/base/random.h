// Random bytes from the operating system, for keys, ids and tokens.
#pragma once

#include <cstdint>
#include <string>

namespace nave {

[[nodiscard]] std::string random_bytes(size_t n);
[[nodiscard]] uint64_t random_u64();
[[nodiscard]] std::string random_hex(size_t digits);
// A random (version 4) UUID in its usual text form, lower case.
[[nodiscard]] std::string random_uuid();
// "<32 hex>-G:2-TimeStamp:MM/dd/yyyy HH:mm:ss" (reference/service-rest.md §4); the time is the caller's.
[[nodiscard]] std::string tracking_id(const std::string& formatted_time);

}  // namespace nave
