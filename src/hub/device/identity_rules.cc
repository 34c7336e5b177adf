#include "hub/device/identity_rules.h"

#include <algorithm>

#include "base/limits.h"
#include "hub/device/authentication_rules.h"
#include "hub/device/edge_scope.h"
#include "hub/device/ids.h"

namespace nave::hub {
namespace {

// The counter and the generation of an identity that is written.
Identity next_version(const IdentityKey& key, const Identity* current, UtcTime now) {
  Identity out;
  if (current != nullptr) {
    out = *current;
    ++out.etag;
    return out;
  }
  out.key = key;
  out.generation_id = std::to_string(dotnet_ticks(now));
  out.etag = first_counter_etag();
  return out;
}

size_t utf8_chars(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

HubResult<void> check_tag(const IfMatch& if_match, const Identity& current) {
  if (if_match.kind != IfMatch::Kind::kTag) return {};
  const std::optional<uint64_t> wanted = parse_counter_etag(if_match.tag);
  if (!wanted) return fail(Error(ErrorCode::kPreconditionFailed, "Precondition failed: Invalid ETag"));
  if (*wanted == current.etag) return {};
  return fail(Error(ErrorCode::kPreconditionFailed,
                    "Precondition failed: Device version did not match, existingVersion:" +
                        std::to_string(current.etag) + " newVersion:" + std::to_string(*wanted)));
}

}  // namespace

Error not_found(const IdentityKey& key) {
  if (!key.is_module()) return {ErrorCode::kDeviceNotFound, key.device};
  return {ErrorCode::kModuleNotFound, "Module " + key.module + " on device " + key.device + " is not registered."};
}

Error already_exists(const IdentityKey& key, std::string_view hub_name) {
  if (!key.is_module()) {
    return {ErrorCode::kDeviceAlreadyExists, "A device with ID '" + key.device + "' is already registered."};
  }
  return {ErrorCode::kModuleAlreadyExistsOnDevice, "Device " + key.device + " in IotHub " + std::string(hub_name) +
                                                       " already contains Module " + key.module + "."};
}

HubResult<void> check_ids(const IdentityKey& key, bool creates) {
  if (!is_valid_id(key.device)) {
    return fail(Error(ErrorCode::kArgumentInvalid, "The device ID has no characters, too many, or one not allowed"));
  }
  if (!key.is_module()) return {};
  if (!is_valid_id(key.module)) {
    return fail(Error(ErrorCode::kArgumentInvalid, "The module ID has too many characters, or one not allowed"));
  }
  if (creates && is_system_module_id(key.module)) {
    return fail(Error(ErrorCode::kArgumentInvalid, "Module IDs that begin with $ are reserved"));
  }
  return {};
}

HubResult<void> check_put(const IdentityKey& key, const IfMatch& if_match, const Identity* current,
                          std::string_view hub_name) {
  if (if_match.kind == IfMatch::Kind::kAbsent) {
    if (current != nullptr) return fail(already_exists(key, hub_name));
    return {};
  }
  if (current == nullptr) return fail(not_found(key));
  return check_tag(if_match, *current);
}

HubResult<void> check_delete(const IdentityKey& key, const IfMatch& if_match, const Identity* current) {
  if (current == nullptr) return fail(not_found(key));
  if (if_match.kind == IfMatch::Kind::kAbsent) return fail(Error(ErrorCode::kPreconditionFailed, "Etag missing"));
  if (const auto ok = check_tag(if_match, *current); !ok) return ok;
  if (key.is_module() && is_system_module_id(key.module)) {
    return fail(Error(ErrorCode::kSystemModuleModifyUnauthorizedAccess));
  }
  return {};
}

HubResult<Identity> decide_device(const IdentityKey& key, const DeviceInput& input, const Identity* current,
                                  UtcTime now, const std::function<bool(const std::string&)>& scope_exists) {
  Identity out = next_version(key, current, now);
  if (utf8_chars(input.status_reason.value_or("")) > limits::kStatusReasonBytesMax / 4) {
    return fail(Error(ErrorCode::kArgumentInvalid, "statusReason has more than 128 characters"));
  }
  auto authentication = decide_authentication(input.authentication, IdentityKind::kDevice);
  if (!authentication) return fail(std::move(authentication.error()));
  auto scopes = decide_scopes(key, out.generation_id, input, current, scope_exists);
  if (!scopes) return fail(std::move(scopes.error()));

  if (current != nullptr && current->enabled != input.enabled) out.status_updated = now;
  out.enabled = input.enabled;
  out.status_reason = input.status_reason;
  out.authentication = *std::move(authentication);
  out.iot_edge = input.iot_edge;
  out.device_scope = std::move(scopes->device_scope);
  out.parent_scopes = std::move(scopes->parent_scopes);
  return out;
}

HubResult<Identity> decide_module(const IdentityKey& key, const ModuleInput& input, const Identity* current,
                                  UtcTime now) {
  constexpr size_t kManagedByCharsMax = limits::kIdCharsMax;
  if (input.managed_by && input.managed_by->size() > kManagedByCharsMax) {
    return fail(Error(ErrorCode::kArgumentInvalid, "managedBy has more than 128 characters"));
  }
  const IdentityKind kind = is_system_module_id(key.module) ? IdentityKind::kSystemModule : IdentityKind::kModule;
  auto authentication = decide_authentication(input.authentication, kind);
  if (!authentication) return fail(std::move(authentication.error()));
  Identity out = next_version(key, current, now);
  out.managed_by = input.managed_by;
  out.authentication = *std::move(authentication);
  return out;
}

HubResult<Identity> decide_renewal(const IdentityKey& key, const KeyRenewal& renewal, const Identity* current) {
  if (current->authentication.type != AuthType::kSas) {
    return fail(Error(ErrorCode::kArgumentInvalid, "The identity " + key.text() + " has no keys to renew"));
  }
  Identity out = *current;
  ++out.etag;
  const Authentication fresh = make_keys();
  if (renewal.primary) out.authentication.primary_key = fresh.primary_key;
  if (renewal.secondary) out.authentication.secondary_key = fresh.secondary_key;
  return out;
}

Identity make_system_module(const IdentityKey& key, UtcTime now) {
  Identity out = next_version(key, nullptr, now);
  out.managed_by = "iotEdge";
  out.authentication.type = AuthType::kNone;
  return out;
}

}  // namespace nave::hub
