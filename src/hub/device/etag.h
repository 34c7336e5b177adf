// ETags and If-Match (reference/service-rest.md §5), for everything that has a version: identities now, twins and
// configurations with the same header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nave::hub {

// What a client demands of the version it changes.
struct IfMatch {
  enum class Kind : uint8_t {
    kAbsent,
    kAny,  // * or "*"
    kTag,
  };
  Kind kind = Kind::kAbsent;
  std::string tag;      // with kTag: without quotes and W/
  bool quoted = false;  // with kTag: twins ignore a tag without quotes
};

// From the header's value; nullopt and empty are kAbsent.
[[nodiscard]] IfMatch parse_if_match(std::optional<std::string_view> header);

// Identity and configuration etags: a decimal counter, on the wire the base64 of its digits.
[[nodiscard]] std::string counter_etag_text(uint64_t etag);
// nullopt: no counter etag can look like this.
[[nodiscard]] std::optional<uint64_t> parse_counter_etag(std::string_view text);
// Where the counter of a new identity begins: nine random digits.
[[nodiscard]] uint64_t first_counter_etag();

}  // namespace nave::hub
