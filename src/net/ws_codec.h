// RFC 6455 frames, server side, sans-IO. What is inside the frames is a byte stream: neither frame nor message
// boundaries mean anything, in either direction (reference/device-mqtt-https.md §9).
//
// Our own, because Python Paho answers with unmasked control frames, which strict libraries refuse, and because a
// decoder that keeps no payload costs 40 bytes per idle connection.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace nave::net {

enum class WsCloseCode : uint16_t {
  kNormal = 1000,
  kProtocolError = 1002,
  kUnsupportedData = 1003,  // text frames
  kNone = 1005,             // never on the wire: a close frame without a code
  kInvalidPayload = 1007,
  kTooBig = 1009,
};

// Why decoding ended, and what our close frame says.
struct WsEnd {
  WsCloseCode code;
  bool by_peer;  // false: the peer broke the protocol
};

class WsDecoder {
 public:
  // Appends the payload of data frames to `data` and pongs to `replies`. Once it returned an end it is not called
  // again.
  [[nodiscard]] std::optional<WsEnd> feed(ByteView bytes, std::string& data, std::string& replies);

 private:
  [[nodiscard]] size_t header_bytes_needed() const;
  [[nodiscard]] bool take_header(ByteView& bytes);
  [[nodiscard]] std::optional<WsEnd> begin_frame();
  [[nodiscard]] std::optional<WsEnd> begin_data_frame();
  [[nodiscard]] std::optional<WsEnd> begin_control_frame();
  void take_payload(ByteView& bytes, std::string& data);
  [[nodiscard]] std::optional<WsEnd> end_frame(std::string& replies);
  [[nodiscard]] WsEnd end_by_close() const;

  [[nodiscard]] uint8_t opcode() const { return static_cast<uint8_t>(header_[0]) & 0x0f; }
  [[nodiscard]] bool is_final() const { return (static_cast<uint8_t>(header_[0]) & 0x80) != 0; }
  [[nodiscard]] bool is_masked() const { return (static_cast<uint8_t>(header_[1]) & 0x80) != 0; }
  [[nodiscard]] bool is_control() const { return (opcode() & 0x08) != 0; }

  std::array<char, 14> header_{};
  uint8_t header_size_ = 0;
  uint8_t mask_phase_ = 0;
  bool in_payload_ = false;
  bool in_message_ = false;  // a data frame without FIN was seen
  std::array<char, 4> mask_{};
  uint64_t remaining_ = 0;
  std::string control_;  // payload of the control frame being read
};

// Binary frames, unfragmented and unmasked, of at most limits::kWsFrameBytesSent payload bytes each.
void append_ws_data(std::string& out, ByteView payload);
void append_ws_close(std::string& out, WsCloseCode code);

}  // namespace nave::net
