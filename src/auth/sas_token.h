// Shared access signatures: parsing, verification, making (reference/device-mqtt-https.md §2.3, §2.4, service-rest.md
// §3.2). Pure functions; no clock, no storage.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nave::auth {

enum class SasError : uint8_t { kTooLong, kNotASas, kDuplicateField, kMissingField, kBadExpiry };

// Views into the token text.
struct SasToken {
  std::string_view resource;   // sr exactly as it appears: the signature covers this spelling
  std::string_view expiry;     // se exactly as it appears
  std::string signature;       // sig, percent-decoded ('+' stays '+'); base64 text
  std::string policy;          // skn, percent-decoded; empty when missing or empty
  double expiry_unix_seconds;  // may be far in the future
};

// Accepts fields in any order, names in any case, with the "SharedAccessSignature " prefix.
[[nodiscard]] Result<SasToken, SasError> parse_sas(std::string_view token);

// Constant-time in the signature. `key_base64` that is not base64 never matches.
[[nodiscard]] bool signature_matches(const SasToken& token, std::string_view key_base64);
// The same with the text of the key itself as the HMAC key, which is how the Event Hubs SDKs sign with the very key
// that the IoT SDKs decode first.
[[nodiscard]] bool signature_matches_key_text(const SasToken& token, std::string_view key_text);

// now > se + limits::kSasClockSkewSeconds.
[[nodiscard]] bool is_expired(const SasToken& token, int64_t now_unix_seconds);

// A token as the SDKs make them: sr percent-encoded; `policy` empty leaves skn out.
[[nodiscard]] std::string make_sas(std::string_view resource, std::string_view key_base64, int64_t expiry_unix_seconds,
                                   std::string_view policy);

// base64(HMAC-SHA256(base64-decode(key), text)); nullopt if the key is not base64.
[[nodiscard]] std::optional<std::string> hmac_sha256_base64(std::string_view key_base64, std::string_view text);

// True if the token's resource names `segments` or a prefix of it by segment: {host}, {host, "devices"}, {host,
// "devices", d}, … `is_host` decides on the first segment. Id segments (index ≥ 2, every second) match at
// percent-decode depth 0, 1 or 2, because the C SDK sends them raw and C# double-encodes them; the literals compare
// ignoring case. A scheme and a port in front ("amqps://host:5671/…", "sb://…") are ignored. Trailing segments behind
// an id are tolerated unless they name a module (audience check 5).
[[nodiscard]] bool resource_covers(std::string_view resource, const std::vector<std::string_view>& segments,
                                   bool (*is_host)(std::string_view host, const void* context), const void* context);

// The ways to read a resource: split at '/', scheme and port removed, at percent-decode depth 0, 1 and 2; a depth that
// gives the same segments as a lower one is left out.
[[nodiscard]] std::vector<std::vector<std::string>> resource_spellings(std::string_view resource);

// The resource split at '/', scheme and port removed, percent-decoded once; empty segments dropped.
[[nodiscard]] std::vector<std::string> resource_segments(std::string_view resource);

}  // namespace nave::auth
