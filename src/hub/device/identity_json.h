// Identity documents: JSON to what the registry takes, and back (reference/service-rest.md §6.1, §7).
#pragma once

#include <string>

#include "hub/device/identity.h"
#include "hub/device/identity_input.h"
#include "hub/errors.h"
#include "hub/session/directory.h"
#include "json/value.h"

namespace nave::hub {

// Unknown and read-only fields are ignored; null means absent. A deviceId (moduleId) that differs from `key` is
// refused.
[[nodiscard]] HubResult<DeviceInput> parse_device(const json::Object& body, const IdentityKey& key);
[[nodiscard]] HubResult<ModuleInput> parse_module(const json::Object& body, const IdentityKey& key);

[[nodiscard]] json::Object authentication_document(const Authentication& a);
[[nodiscard]] json::Object device_document(const Identity& device, const Presence& presence);
[[nodiscard]] json::Object module_document(const Identity& module, const Presence& presence);

}  // namespace nave::hub
