// Bytes on the wire and on disk. A ByteView is a std::string_view that is not promised to be text; owned bytes are a
// std::string. Big-endian readers and writers for the binary protocols live here too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nave {

using ByteView = std::string_view;

[[nodiscard]] inline uint8_t byte_at(ByteView b, size_t i) {
  return static_cast<uint8_t>(b[i]);
}

template <class UInt>
[[nodiscard]] UInt load_be(const char* p) {
  UInt v = 0;
  for (size_t i = 0; i < sizeof(UInt); ++i) v = static_cast<UInt>((v << 8) | static_cast<uint8_t>(p[i]));
  return v;
}
template <>
[[nodiscard]] inline uint8_t load_be<uint8_t>(const char* p) {
  return static_cast<uint8_t>(*p);
}

template <class UInt>
void store_be(char* p, UInt v) {
  for (size_t i = sizeof(UInt); i-- > 0;) {
    p[i] = static_cast<char>(v & 0xff);
    if constexpr (sizeof(UInt) > 1) v = static_cast<UInt>(v >> 8);
  }
}

template <class UInt>
void append_be(std::string& out, UInt v) {
  char b[sizeof(UInt)];
  store_be(b, v);
  out.append(b, sizeof(UInt));
}

// Little-endian for our own files (docs/formats).
template <class UInt>
[[nodiscard]] UInt load_le(const char* p) {
  UInt v = 0;
  for (size_t i = sizeof(UInt); i-- > 0;)
    v = static_cast<UInt>((static_cast<uint64_t>(v) << 8) | static_cast<uint8_t>(p[i]));
  return v;
}

template <class UInt>
void store_le(char* p, UInt v) {
  for (size_t i = 0; i < sizeof(UInt); ++i) p[i] = static_cast<char>((static_cast<uint64_t>(v) >> (8 * i)) & 0xff);
}

template <class UInt>
void append_le(std::string& out, UInt v) {
  char b[sizeof(UInt)];
  store_le(b, v);
  out.append(b, sizeof(UInt));
}

[[nodiscard]] std::string to_hex(ByteView bytes);  // lower case

}  // namespace nave
