// What a registry write makes of an identity: pure decisions over the current state (reference/service-rest.md §5–§7).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "hub/device/etag.h"
#include "hub/device/identity.h"
#include "hub/device/identity_input.h"
#include "hub/errors.h"

namespace nave::hub {

// DeviceNotFound or ModuleNotFound, and …AlreadyExists…, in the words of the service.
[[nodiscard]] Error not_found(const IdentityKey& key);
[[nodiscard]] Error already_exists(const IdentityKey& key, std::string_view hub_name);

// Syntax of the ids. With `creates`, module ids that begin with '$' are refused too.
[[nodiscard]] HubResult<void> check_ids(const IdentityKey& key, bool creates);

// May this PUT / DELETE touch `current` (nullptr: there is none)? The precondition table of §5.
[[nodiscard]] HubResult<void> check_put(const IdentityKey& key, const IfMatch& if_match, const Identity* current,
                                        std::string_view hub_name);
[[nodiscard]] HubResult<void> check_delete(const IdentityKey& key, const IfMatch& if_match, const Identity* current);

// The identity after the write. `current` is nullptr on create.
[[nodiscard]] HubResult<Identity> decide_device(const IdentityKey& key, const DeviceInput& input,
                                                const Identity* current, UtcTime now,
                                                const std::function<bool(const std::string&)>& scope_exists);
[[nodiscard]] HubResult<Identity> decide_module(const IdentityKey& key, const ModuleInput& input,
                                                const Identity* current, UtcTime now);
// ArgumentInvalid if `current`, which is not nullptr, has no keys.
[[nodiscard]] HubResult<Identity> decide_renewal(const IdentityKey& key, const KeyRenewal& renewal,
                                                 const Identity* current);
// $edgeAgent or $edgeHub of an edge device.
[[nodiscard]] Identity make_system_module(const IdentityKey& key, UtcTime now);

}  // namespace nave::hub
