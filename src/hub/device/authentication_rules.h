// How the authentication of an identity comes about (reference/service-rest.md §6.3).
#pragma once

#include "hub/device/identity_input.h"
#include "hub/errors.h"

namespace nave::hub {

enum class IdentityKind : uint8_t { kDevice, kModule, kSystemModule };

// A write replaces the whole authentication: one that is absent mints new keys.
[[nodiscard]] HubResult<Authentication> decide_authentication(const std::optional<AuthenticationInput>& input,
                                                              IdentityKind kind);

// kSas with two new keys.
[[nodiscard]] Authentication make_keys();

}  // namespace nave::hub
