// Takes the fields of an MQTT packet from the front of its bytes. Every member returns false, and leaves the reader
// unusable for more, when the bytes do not hold what was asked for.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace nave::wire::mqtt {

class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}

  [[nodiscard]] bool u8(uint8_t& out) {
    if (rest_.empty()) return false;
    out = byte_at(rest_, 0);
    rest_.remove_prefix(1);
    return true;
  }
  [[nodiscard]] bool u16(uint16_t& out) {
    if (rest_.size() < 2) return false;
    out = load_be<uint16_t>(rest_.data());
    rest_.remove_prefix(2);
    return true;
  }
  // Two bytes of length, then as many bytes.
  [[nodiscard]] bool counted(ByteView& out) {
    uint16_t n = 0;
    if (!u16(n) || rest_.size() < n) return false;
    out = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return true;
  }
  [[nodiscard]] ByteView rest() const { return rest_; }
  [[nodiscard]] bool empty() const { return rest_.empty(); }

 private:
  ByteView rest_;
};

}  // namespace nave::wire::mqtt
