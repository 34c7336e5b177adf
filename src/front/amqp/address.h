// The address of a link terminus, in every spelling the SDKs use (reference/amqp.md §4, §7, §9.3): relative, with
// leading slashes, or a full URI with scheme, credentials and port.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nave::front::amqp {

// Longest address that is looked at: two ids of 128 characters, percent-encoded, and the literals around them.
inline constexpr size_t kAddressBytesMax = 2048;

struct Address {
  std::string host;                   // without port and credentials; empty for a relative address
  std::vector<std::string> segments;  // percent-decoded, empty ones dropped; '+' stays '+'

  [[nodiscard]] size_t size() const { return segments.size(); }
  // Literals compare ignoring case, ids must be compared exactly by whoever owns them.
  [[nodiscard]] bool segment_is(size_t i, std::string_view literal) const;
  // Every segment is the literal at its place; "*" stands for any segment.
  [[nodiscard]] bool matches(std::initializer_list<std::string_view> pattern) const;
};

// nullopt if it is too long or has a segment that decodes to something with '/' or a control character in it.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);

}  // namespace nave::front::amqp
