// Identity documents: JSON to what the registry takes, and back (reference/service-rest.md §6.1, §7).
#pragma once

#include <string>

#include "hub/device/identity.h"
#include "hub/device/identity_input.h"
#include "hub/errors.h"
#include "hub/session/directory.h"
#include "json/value.h"

namespace nave::front::http {

// Unknown and read-only fields are ignored; null means absent. A deviceId (moduleId) that differs from `key` is
// refused.
[[nodiscard]] hub::HubResult<hub::DeviceInput> parse_device(const json::Object& body, const IdentityKey& key);
[[nodiscard]] hub::HubResult<hub::ModuleInput> parse_module(const json::Object& body, const IdentityKey& key);

[[nodiscard]] json::Object device_document(const hub::Identity& device, const hub::Presence& presence);
[[nodiscard]] json::Object module_document(const hub::Identity& module, const hub::Presence& presence);

}  // namespace nave::front::http
