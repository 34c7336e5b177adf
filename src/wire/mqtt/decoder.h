// Turns a stream of bytes, in any split, into MQTT packets. Knows no socket and no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "wire/mqtt/packets.h"
#include "wire/mqtt/parse.h"

namespace nave::wire::mqtt {

// A packet that lies whole in the bytes of one feed() is decoded in place. Only a packet that arrives in pieces is
// copied into a buffer of its own, which grows with what has really arrived and is given back as soon as it is used up:
// an idle decoder holds no memory.
class Decoder {
 public:
  enum class Status : uint8_t { kPacket, kNeedMore, kError };

  // `packet_bytes_max` bounds a packet with its fixed header.
  explicit Decoder(size_t packet_bytes_max) : packet_bytes_max_(packet_bytes_max) {}
  // For the packets that next() has not returned yet.
  void set_packet_bytes_max(size_t n) { packet_bytes_max_ = n; }

  // The next piece of the stream. The bytes stay valid until next() has returned kNeedMore or kError, or until
  // keep_rest(); one of these comes before the next feed().
  void feed(ByteView bytes);
  // kPacket: `packet` holds views that are valid until any other member is called and the fed bytes go away. kNeedMore:
  // everything fed is used up or kept. kError: the stream is beyond repair; error() says why, and it stays so.
  [[nodiscard]] Status next(Packet& packet);
  // Copies what was fed and not yet returned, for a caller that must stop here and go on with next() later.
  void keep_rest();

  [[nodiscard]] DecodeError error() const { return error_; }
  // Bytes held in memory of the decoder's own.
  [[nodiscard]] size_t kept_bytes() const { return kept_.size() - kept_used_; }

 private:
  struct Frame {
    size_t header = 0;  // bytes of the fixed header; 0: not all here yet
    size_t total = 0;
  };
  [[nodiscard]] bool read_frame(ByteView bytes, Frame& frame);
  [[nodiscard]] Status parse(ByteView bytes, const Frame& frame, Packet& packet);
  [[nodiscard]] Status next_from_kept(Packet& packet);
  [[nodiscard]] Status fail_with(DecodeError error);
  void append_kept(size_t n);

  ByteView input_;  // fed and not yet looked at
  std::string kept_;
  size_t kept_used_ = 0;  // of kept_, already returned
  size_t packet_bytes_max_;
  DecodeError error_{};
  bool failed_ = false;
};

}  // namespace nave::wire::mqtt
