#include "front/amqp/address.h"

#include <algorithm>

#include "base/url.h"

namespace nave::front::amqp {
namespace {

bool skip_scheme(std::string_view& text) {
  for (const std::string_view scheme : {"amqps://", "amqp://", "sb://"}) {
    if (text.size() >= scheme.size() && equals_ignore_case(text.substr(0, scheme.size()), scheme)) {
      text.remove_prefix(scheme.size());
      return true;
    }
  }
  return false;
}

// "user:password@host:port" → "host"
std::string_view bare_host(std::string_view authority) {
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

bool is_clean(std::string_view segment) {
  return std::none_of(segment.begin(), segment.end(),
                      [](char c) { return c == '/' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

bool Address::segment_is(size_t i, std::string_view literal) const {
  return i < segments.size() && equals_ignore_case(segments[i], literal);
}

bool Address::matches(std::initializer_list<std::string_view> pattern) const {
  if (pattern.size() != segments.size()) return false;
  size_t i = 0;
  for (const std::string_view literal : pattern) {
    if (literal != "*" && !equals_ignore_case(segments[i], literal)) return false;
    ++i;
  }
  return true;
}

std::optional<Address> parse_address(std::string_view text) {
  if (text.size() > kAddressBytesMax) return std::nullopt;
  Address address;
  if (skip_scheme(text)) {
    const size_t slash = std::min(text.find('/'), text.size());
    address.host = std::string(bare_host(text.substr(0, slash)));
    text.remove_prefix(slash);
  }
  while (!text.empty()) {
    const size_t slash = std::min(text.find('/'), text.size());
    if (slash > 0) {
      std::string segment = percent_decode(text.substr(0, slash));
      if (!is_clean(segment)) return std::nullopt;
      address.segments.push_back(std::move(segment));
    }
    text.remove_prefix(std::min(slash + 1, text.size()));
  }
  return address;
}

}  // namespace nave::front::amqp
