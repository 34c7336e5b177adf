// What a client asks an identity to become: every field that a write may carry, absent where the client left it out.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "hub/device/identity.h"

namespace nave::hub {

// Empty texts mean the same as absent ones: Node sends "" for keys that the hub is to make.
struct AuthenticationInput {
  std::optional<AuthType> type;
  std::string primary_key;
  std::string secondary_key;
  std::string primary_thumbprint;
  std::string secondary_thumbprint;
};

struct DeviceInput {
  bool enabled = true;
  std::optional<std::string> status_reason;
  std::optional<AuthenticationInput> authentication;
  bool iot_edge = false;
  std::optional<std::string> device_scope;
  std::vector<std::string> parent_scopes;
};

struct ModuleInput {
  std::optional<std::string> managed_by;
  std::optional<AuthenticationInput> authentication;
};

// New keys instead of those of an identity that has keys; nothing else changes.
struct KeyRenewal {
  bool primary = true;
  bool secondary = true;
};

// The device's or the module's, as the key of the identity says.
using IdentityInput = std::variant<DeviceInput, ModuleInput, KeyRenewal>;

}  // namespace nave::hub
