#include "net/ws_codec.h"

#include <algorithm>
#include <cstring>

#include "base/limits.h"
#include "base/url.h"

namespace nave::net {
namespace {

constexpr uint8_t kContinuation = 0;
constexpr uint8_t kText = 1;
constexpr uint8_t kBinary = 2;
constexpr uint8_t kClose = 8;
constexpr uint8_t kPing = 9;
constexpr uint8_t kPong = 10;
constexpr uint8_t kFinal = 0x80;

WsEnd violation(WsCloseCode code = WsCloseCode::kProtocolError) {
  return {code, false};
}

void append_header(std::string& out, uint8_t opcode, size_t payload) {
  out.push_back(static_cast<char>(kFinal | opcode));
  if (payload < 126) {
    out.push_back(static_cast<char>(payload));
  } else if (payload < 65536) {
    out.push_back(126);
    append_be(out, static_cast<uint16_t>(payload));
  } else {
    out.push_back(127);
    append_be(out, uint64_t{payload});
  }
}

void append_unmasked(std::string& out, ByteView bytes, const std::array<char, 4>& mask, size_t phase) {
  std::array<char, 8> key{};
  for (size_t i = 0; i < key.size(); ++i) key[i] = mask[(phase + i) & 3];
  uint64_t key_word = 0;
  std::memcpy(&key_word, key.data(), 8);
  const size_t at = out.size();
  out.append(bytes);
  char* p = out.data() + at;
  size_t n = bytes.size();
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t word = 0;
    std::memcpy(&word, p, 8);
    word ^= key_word;
    std::memcpy(p, &word, 8);
  }
  for (size_t i = 0; i < n; ++i) p[i] = static_cast<char>(p[i] ^ key[i]);
}

// RFC 6455 §7.4: what may be in a close frame on the wire.
bool is_close_code(uint16_t code) {
  if (code >= 3000) return code < 5000;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

}  // namespace

std::optional<WsEnd> WsDecoder::feed(ByteView bytes, std::string& data, std::string& replies) {
  while (!bytes.empty()) {
    if (!in_payload_) {
      if (!take_header(bytes)) return std::nullopt;
      if (const auto end = begin_frame()) return end;
      in_payload_ = true;
    }
    take_payload(bytes, data);
    if (remaining_ > 0) return std::nullopt;
    in_payload_ = false;
    if (const auto end = end_frame(replies)) return end;
  }
  return std::nullopt;
}

size_t WsDecoder::header_bytes_needed() const {
  if (header_size_ < 2) return 2;
  const uint8_t length = static_cast<uint8_t>(header_[1]) & 0x7f;
  const size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
  return 2 + extended + (is_masked() ? 4 : 0);
}

bool WsDecoder::take_header(ByteView& bytes) {
  for (;;) {
    const size_t needed = header_bytes_needed();
    if (header_size_ == needed) return true;
    const size_t n = std::min(needed - header_size_, bytes.size());
    if (n == 0) return false;
    std::memcpy(header_.data() + header_size_, bytes.data(), n);
    header_size_ = static_cast<uint8_t>(header_size_ + n);
    bytes.remove_prefix(n);
  }
}

std::optional<WsEnd> WsDecoder::begin_frame() {
  const uint8_t length = static_cast<uint8_t>(header_[1]) & 0x7f;
  remaining_ = length == 126   ? load_be<uint16_t>(header_.data() + 2)
               : length == 127 ? load_be<uint64_t>(header_.data() + 2)
                               : length;
  mask_ = {};
  if (is_masked()) std::memcpy(mask_.data(), header_.data() + header_size_ - 4, 4);
  mask_phase_ = 0;
  header_size_ = 0;
  // No extension was negotiated, so no reserved bit has a meaning.
  if ((static_cast<uint8_t>(header_[0]) & 0x70) != 0) return violation();
  return is_control() ? begin_control_frame() : begin_data_frame();
}

std::optional<WsEnd> WsDecoder::begin_data_frame() {
  if (opcode() == kText) return violation(WsCloseCode::kUnsupportedData);
  if (opcode() > kBinary || !is_masked()) return violation();
  if ((opcode() == kContinuation) != in_message_) return violation();
  if (remaining_ > limits::kWsFrameBytesMax) return violation(WsCloseCode::kTooBig);
  in_message_ = !is_final();
  return std::nullopt;
}

// Unmasked is accepted: Python Paho writes its control replies without a mask (§9).
std::optional<WsEnd> WsDecoder::begin_control_frame() {
  if (opcode() > kPong || !is_final() || remaining_ > limits::kWsControlPayloadMax) return violation();
  control_.clear();
  return std::nullopt;
}

void WsDecoder::take_payload(ByteView& bytes, std::string& data) {
  const auto n = static_cast<size_t>(std::min<uint64_t>(remaining_, bytes.size()));
  append_unmasked(is_control() ? control_ : data, bytes.substr(0, n), mask_, mask_phase_);
  mask_phase_ = static_cast<uint8_t>((mask_phase_ + n) & 3);
  remaining_ -= n;
  bytes.remove_prefix(n);
}

std::optional<WsEnd> WsDecoder::end_frame(std::string& replies) {
  if (!is_control()) return std::nullopt;
  if (opcode() == kClose) return end_by_close();
  if (opcode() == kPing) {
    append_header(replies, kPong, control_.size());
    replies += control_;
  }
  return std::nullopt;  // pongs are unsolicited here: we never ping
}

WsEnd WsDecoder::end_by_close() const {
  if (control_.empty()) return {WsCloseCode::kNone, true};
  if (control_.size() < 2) return violation();
  const auto code = load_be<uint16_t>(control_.data());
  if (!is_close_code(code)) return violation();
  if (!is_valid_utf8(ByteView(control_).substr(2))) return violation(WsCloseCode::kInvalidPayload);
  return {static_cast<WsCloseCode>(code), true};
}

void append_ws_data(std::string& out, ByteView payload) {
  while (!payload.empty()) {
    const ByteView part = payload.substr(0, limits::kWsFrameBytesSent);
    append_header(out, kBinary, part.size());
    out += part;
    payload.remove_prefix(part.size());
  }
}

void append_ws_close(std::string& out, WsCloseCode code) {
  if (code == WsCloseCode::kNone) {
    append_header(out, kClose, 0);
    return;
  }
  append_header(out, kClose, 2);
  append_be(out, static_cast<uint16_t>(code));
}

}  // namespace nave::net
