// The few AMQP 1.0 frames that a reader of events says and hears, written without the hub's own codec.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nave::bench {

inline constexpr std::string_view kSaslHeader{"AMQP\x03\x01\x00\x00", 8};
inline constexpr std::string_view kAmqpHeader{"AMQP\x00\x01\x00\x00", 8};

[[nodiscard]] std::string sasl_plain(std::string_view user, std::string_view password);
[[nodiscard]] std::string open_frame(std::string_view host);
[[nodiscard]] std::string begin_frame();
// A receiver of everything that the partition holds.
[[nodiscard]] std::string attach_frame(uint32_t handle, std::string_view address);
[[nodiscard]] std::string flow_frame(uint32_t next_incoming_id, uint32_t handle, uint32_t delivery_count,
                                     uint32_t credit);

struct Frame {
  uint8_t type = 0;          // 1: SASL
  uint8_t performative = 0;  // 0 for an empty frame
  std::string_view fields;   // behind the list's header
};
enum Performative : uint8_t {
  kAttach = 0x12,
  kTransfer = 0x14,
  kDetach = 0x16,
  kEnd = 0x17,
  kClose = 0x18,
  kSaslOutcome = 0x44
};

// Takes the first whole frame; its size, or 0 while it is not complete.
[[nodiscard]] size_t take_frame(std::string_view bytes, Frame& frame);
// A uint or ubyte at the front of `fields`.
[[nodiscard]] uint32_t leading_number(std::string_view fields);

}  // namespace nave::bench
