// The eight bytes before every performative.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace nave::wire::amqp {

inline constexpr size_t kFrameHeaderBytes = 8;

struct Frame {
  uint8_t type = 0;
  uint16_t channel = 0;  // of AMQP frames
  ByteView body;         // performative and payload; empty for a heartbeat
};

enum class FrameStatus : uint8_t { kWhole, kPartial, kBad };

// Looks at the start of `bytes`. kWhole: `frame` is set and `size` bytes belong to it. kPartial: `size` bytes are
// needed before asking again makes sense (4, later the whole frame). kBad: length below 8 or above `max_bytes`, a data
// offset outside the frame, or a frame type that is neither AMQP nor SASL.
[[nodiscard]] FrameStatus read_frame(ByteView bytes, uint32_t max_bytes, Frame& frame, size_t& size);

}  // namespace nave::wire::amqp
