// What a receiver of a message settles it with.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace nave::hub {

// 16 random bytes, in the order of an AMQP delivery tag. As text they are the .NET Guid of those bytes, whose first
// three groups are little-endian: C# builds the guid from the tag (reference/amqp.md §4.2).
struct LockToken {
  static constexpr size_t kBytes = 16;
  std::array<uint8_t, kBytes> bytes{};

  [[nodiscard]] static LockToken make();
  // nullopt unless it is a guid: 8-4-4-4-12 hexadecimal digits of either case.
  [[nodiscard]] static std::optional<LockToken> parse(std::string_view text);
  [[nodiscard]] static std::optional<LockToken> from_tag(ByteView tag);

  [[nodiscard]] std::string text() const;  // lower case
  [[nodiscard]] ByteView tag() const { return {reinterpret_cast<const char*>(bytes.data()), kBytes}; }
  auto operator<=>(const LockToken&) const = default;
};

}  // namespace nave::hub

template <>
struct std::hash<nave::hub::LockToken> {
  size_t operator()(const nave::hub::LockToken& t) const noexcept { return std::hash<std::string_view>{}(t.tag()); }
};
