#include "wire/mqtt/decoder.h"

#include <algorithm>

#include "base/check.h"

namespace nave::wire::mqtt {

void Decoder::feed(ByteView bytes) {
  NAVE_CHECK(input_.empty() || failed_, "the bytes fed before are still unread");
  input_ = bytes;
}

Decoder::Status Decoder::fail_with(DecodeError error) {
  error_ = error;
  failed_ = true;
  input_ = {};
  return Status::kError;
}

// False on an error, which is then set. A frame that is not all here has header == 0.
bool Decoder::read_frame(ByteView bytes, Frame& frame) {
  constexpr size_t kLengthBytesMax = 4;
  size_t remaining = 0;
  for (size_t i = 1; i < bytes.size(); ++i) {
    if (i > kLengthBytesMax) {
      (void)fail_with(DecodeError::kBadLength);
      return false;
    }
    remaining |= static_cast<size_t>(byte_at(bytes, i) & 0x7f) << (7 * (i - 1));
    if ((byte_at(bytes, i) & 0x80) != 0) {
      if (i == kLengthBytesMax) {
        (void)fail_with(DecodeError::kBadLength);
        return false;
      }
      continue;
    }
    frame = {i + 1, i + 1 + remaining};
    if (frame.total <= packet_bytes_max_) return true;
    (void)fail_with(DecodeError::kTooLarge);
    return false;
  }
  return true;
}

Decoder::Status Decoder::parse(ByteView bytes, const Frame& frame, Packet& packet) {
  const auto parsed = parse_packet(byte_at(bytes, 0), bytes.substr(frame.header, frame.total - frame.header), packet);
  return parsed ? Status::kPacket : fail_with(parsed.error());
}

Decoder::Status Decoder::next(Packet& packet) {
  if (failed_) return Status::kError;
  if (!kept_.empty() && kept_used_ == kept_.size()) {
    std::string().swap(kept_);
    kept_used_ = 0;
  }
  if (!kept_.empty()) return next_from_kept(packet);
  if (input_.empty()) return Status::kNeedMore;

  Frame frame;
  if (!read_frame(input_, frame)) return Status::kError;
  if (frame.header == 0 || frame.total > input_.size()) {
    keep_rest();
    return Status::kNeedMore;
  }
  const ByteView bytes = input_;
  input_.remove_prefix(frame.total);
  return parse(bytes, frame, packet);
}

// Completes the packet at the front of kept_ with as many fed bytes as it needs and no more, so that what follows it is
// decoded in place again.
Decoder::Status Decoder::next_from_kept(Packet& packet) {
  while (true) {
    const ByteView bytes = ByteView(kept_).substr(kept_used_);
    Frame frame;
    if (!read_frame(bytes, frame)) return Status::kError;
    if (frame.header != 0 && frame.total <= bytes.size()) {
      kept_used_ += frame.total;
      return parse(bytes, frame, packet);
    }
    if (input_.empty()) return Status::kNeedMore;
    append_kept(frame.header == 0 ? 1 : frame.total - bytes.size());
  }
}

void Decoder::append_kept(size_t n) {
  if (kept_used_ > 0) {
    kept_.erase(0, kept_used_);
    kept_used_ = 0;
  }
  n = std::min(n, input_.size());
  kept_.append(input_.substr(0, n));
  input_.remove_prefix(n);
}

void Decoder::keep_rest() {
  append_kept(input_.size());
}

}  // namespace nave::wire::mqtt
