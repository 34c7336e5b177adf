// CRC-32C (Castagnoli), the checksum of every record on disk. Uses the processor's instruction where there is one.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace nave {

// crc32c(b) of "123456789" is 0xE3069283. `seed` continues an earlier result.
[[nodiscard]] uint32_t crc32c(ByteView bytes, uint32_t seed = 0);
// The table-driven version, for comparison in tests and for processors without SSE 4.2.
[[nodiscard]] uint32_t crc32c_portable(ByteView bytes, uint32_t seed = 0);

}  // namespace nave
