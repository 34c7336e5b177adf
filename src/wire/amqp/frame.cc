#include "wire/amqp/frame.h"

namespace nave::wire::amqp {

FrameStatus read_frame(ByteView bytes, uint32_t max_bytes, Frame& frame, size_t& size) {
  size = sizeof(uint32_t);
  if (bytes.size() < size) return FrameStatus::kPartial;
  size = load_be<uint32_t>(bytes.data());
  if (size < kFrameHeaderBytes || size > max_bytes) return FrameStatus::kBad;
  if (bytes.size() < size) return FrameStatus::kPartial;
  const size_t offset = size_t{4} * byte_at(bytes, 4);
  if (offset < kFrameHeaderBytes || offset > size) return FrameStatus::kBad;
  frame.type = byte_at(bytes, 5);
  if (frame.type > 1) return FrameStatus::kBad;
  frame.channel = load_be<uint16_t>(bytes.data() + 6);
  frame.body = bytes.substr(offset, size - offset);
  return FrameStatus::kWhole;
}

}  // namespace nave::wire::amqp
