#include "hub/device/edge_scope.h"

#include <algorithm>

namespace nave::hub {
namespace {

constexpr std::string_view kPrefix = "ms-azure-iot-edge://";

using ScopeExists = std::function<bool(const std::string&)>;

// A parent that the device already has stays valid although it may be gone: clients send back what they read.
bool is_parent(const std::string& scope, const Identity* current, const ScopeExists& scope_exists) {
  if (current != nullptr && std::count(current->parent_scopes.begin(), current->parent_scopes.end(), scope) != 0) {
    return true;
  }
  return scope_exists(scope);
}

HubResult<Scopes> leaf_scopes(const DeviceInput& input, const Identity* current, const ScopeExists& scope_exists) {
  const std::string parent = input.device_scope.value_or("");
  const bool was_edge = current != nullptr && current->iot_edge;
  if (parent.empty() || was_edge) return Scopes{};  // an edge device that becomes a leaf loses its parent
  if (!is_parent(parent, current, scope_exists)) return fail(Error(ErrorCode::kInvalidDeviceScope));
  return Scopes{parent, {parent}};
}

}  // namespace

std::string make_edge_scope(std::string_view device_id, std::string_view generation) {
  return std::string(kPrefix) + std::string(device_id) + "-" + std::string(generation);
}

std::optional<std::string> edge_scope_device(std::string_view scope) {
  const size_t dash = scope.rfind('-');
  if (!scope.starts_with(kPrefix) || dash <= kPrefix.size()) return {};
  if (scope.find_first_not_of("0123456789", dash + 1) != std::string_view::npos) return {};
  return std::string(scope.substr(kPrefix.size(), dash - kPrefix.size()));
}

HubResult<Scopes> decide_scopes(const IdentityKey& key, std::string_view generation, const DeviceInput& input,
                                const Identity* current, const ScopeExists& scope_exists) {
  if (!input.iot_edge) return leaf_scopes(input, current, scope_exists);
  Scopes out;
  if (current == nullptr) {
    out.device_scope = make_edge_scope(key.device, generation);
  } else if (!current->iot_edge) {
    out.device_scope = make_edge_scope(key.device, "");
  } else {
    out.device_scope = current->device_scope;
    if (input.device_scope && *input.device_scope != current->device_scope) {
      return fail(Error(ErrorCode::kArgumentInvalid, "Device scope is immutable"));
    }
  }
  if (input.parent_scopes.size() > 1) {
    return fail(Error(ErrorCode::kArgumentInvalid, "An edge device has at most one parent scope"));
  }
  for (const std::string& parent : input.parent_scopes) {
    if (parent == out.device_scope || !is_parent(parent, current, scope_exists)) {
      return fail(Error(ErrorCode::kInvalidDeviceScope));
    }
  }
  out.parent_scopes = input.parent_scopes;
  return out;
}

}  // namespace nave::hub
