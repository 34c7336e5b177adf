// A device or module identity as the registry keeps it (reference/service-rest.md §6, §7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace nave::hub {

enum class AuthType : uint8_t { kSas, kSelfSigned, kCertificateAuthority, kNone };

struct Authentication {
  AuthType type = AuthType::kSas;
  std::string primary_key;  // base64 text as given or generated; empty unless kSas
  std::string secondary_key;
  std::string primary_thumbprint;  // hex as given; empty unless kSelfSigned
  std::string secondary_thumbprint;
  bool operator==(const Authentication&) const = default;
};

struct Identity {
  IdentityKey key;
  std::string generation_id;  // decimal text: creation time in .NET ticks
  // Decimal counter; on the wire the base64 of its digits. Starts at a random 9-digit value, +1 per write.
  uint64_t etag = 0;
  Authentication authentication;
  UtcTime connection_state_updated = kNever;
  UtcTime last_activity = kNever;

  // Devices only.
  bool enabled = true;
  std::optional<std::string> status_reason;
  UtcTime status_updated = kNever;
  bool iot_edge = false;
  std::string device_scope;  // empty: none
  std::vector<std::string> parent_scopes;

  // Modules only.
  std::optional<std::string> managed_by;

  bool operator==(const Identity&) const = default;
};

}  // namespace nave::hub
