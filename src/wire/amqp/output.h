// Frames that we write, back to back in one string. Accepts of consecutive deliveries are held back to leave as one
// disposition; any other frame, and output(), pushes them out first, so that the order of the wire is the order of the
// calls (reference/amqp.md §1 R15).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace nave::wire::amqp {

class Output {
 public:
  static constexpr uint8_t kAmqpFrame = 0;
  static constexpr uint8_t kSaslFrame = 1;

  void raw(ByteView bytes) { bytes_.append(bytes); }
  // Starts a frame; the body is appended to body(), then end_frame() writes the length.
  std::string& begin_frame(uint8_t type, uint16_t channel);
  void end_frame();
  // A frame without a body: a heartbeat.
  void empty_frame();

  // disposition{role receiver, settled, accepted} of one delivery of a link, coalesced.
  void accept(uint16_t channel, uint32_t handle, uint32_t delivery_id);
  void flush();

  [[nodiscard]] bool empty() const { return bytes_.empty() && !pending_; }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  void clear();
  // After the last frame: what is still written is dropped.
  void seal() { sealed_ = true; }

 private:
  struct Accepts {
    uint16_t channel;
    uint32_t handle;
    uint32_t first;
    uint32_t last;
  };

  std::string bytes_;
  size_t frame_at_ = 0;
  bool sealed_ = false;
  std::optional<Accepts> pending_;
};

}  // namespace nave::wire::amqp
