// Edge scopes: which edge device stands between a device and the hub (reference/service-rest.md §6.5).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/device/identity.h"
#include "hub/device/identity_input.h"
#include "hub/errors.h"

namespace nave::hub {

// "ms-azure-iot-edge://<id>-<generation>"; the generation is empty for a device that became an edge device later.
[[nodiscard]] std::string make_edge_scope(std::string_view device_id, std::string_view generation);
// The device that a scope names; nullopt if the text is no scope.
[[nodiscard]] std::optional<std::string> edge_scope_device(std::string_view scope);

struct Scopes {
  std::string device_scope;
  std::vector<std::string> parent_scopes;
};

// `scope_exists` says whether an edge device of the hub has this scope. `current` is nullptr on create.
[[nodiscard]] HubResult<Scopes> decide_scopes(const IdentityKey& key, std::string_view generation,
                                              const DeviceInput& input, const Identity* current,
                                              const std::function<bool(const std::string&)>& scope_exists);

}  // namespace nave::hub
