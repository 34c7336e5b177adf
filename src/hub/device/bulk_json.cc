#include "hub/device/bulk_json.h"

#include <array>
#include <utility>

#include "base/url.h"
#include "hub/device/etag.h"
#include "hub/device/identity_json.h"
#include "hub/twin/render.h"
#include "json/write.h"

namespace nave::hub {
namespace {

constexpr std::array<std::string_view, 9> kModeNames = {
    "createOrUpdate",
    "create",
    "update",
    "updateIfMatchETag",
    "createOrUpdateIfMatchETag",
    "delete",
    "deleteIfMatchETag",
    "updateTwin",
    "updateTwinIfMatchETag",
};

Error invalid(std::string text) {
  return {ErrorCode::kArgumentInvalid, std::move(text)};
}

// nullptr: absent or null.
const json::Value* find(const json::Object& object, std::string_view name) {
  const json::Value* const v = object.find(name);
  return v == nullptr || v->is_null() ? nullptr : v;
}

HubResult<std::optional<std::string>> read_text(const json::Object& object, std::string_view name) {
  const json::Value* const v = find(object, name);
  if (v == nullptr) return std::optional<std::string>();
  if (v->if_string() == nullptr) return fail(invalid(std::string(name) + " must be a string"));
  return std::optional<std::string>(*v->if_string());
}

// C# and Node write eTag, Explorer and others etag.
HubResult<std::optional<std::string>> read_either(const json::Object& object, std::string_view name,
                                                  std::string_view other) {
  auto out = read_text(object, name);
  return !out || *out ? out : read_text(object, other);
}

HubResult<ImportMode> read_mode(const json::Object& item) {
  const auto text = read_text(item, "importMode");
  if (!text) return fail(text.error());
  if (!*text || (*text)->empty()) return ImportMode::kCreateOrUpdate;
  for (size_t i = 0; i < kModeNames.size(); ++i) {
    if (equals_ignore_case(**text, kModeNames[i])) return static_cast<ImportMode>(i);
  }
  return fail(invalid("importMode is none of the import modes"));
}

bool writes_identity(ImportMode mode) {
  return mode <= ImportMode::kCreateOrUpdateIfMatchEtag;
}

HubResult<IdentityInput> read_input(const json::Object& item, const IdentityKey& key) {
  if (key.is_module()) {
    auto module = parse_module(item, key);
    if (!module) return fail(std::move(module.error()));
    return IdentityInput(*std::move(module));
  }
  auto device = parse_device(item, key);
  if (!device) return fail(std::move(device.error()));
  return IdentityInput(*std::move(device));
}

HubResult<std::optional<TwinInput>> read_twin(const json::Object& item) {
  auto twin = read_twin_input(item);
  if (!twin) return fail(std::move(twin.error()));
  // C# writes null for what it does not send, so that is no wish to clear anything.
  twin->clears_tags = false;
  if (!twin->tags && !twin->desired) return std::optional<TwinInput>();
  return std::optional<TwinInput>(*std::move(twin));
}

HubResult<void> check_status(const json::Object& item) {
  const auto status = read_text(item, "status");
  if (!status) return fail(status.error());
  if (!*status) return fail(Error(ErrorCode::kArgumentNull, "status is missing"));
  if (equals_ignore_case(**status, "enabled") || equals_ignore_case(**status, "disabled")) return {};
  return fail(invalid("status must be enabled or disabled"));
}

json::Object without_keys(json::Object authentication) {
  json::Object keys;
  keys.append("primaryKey", nullptr);
  keys.append("secondaryKey", nullptr);
  authentication.set("symmetricKey", std::move(keys));
  return authentication;
}

json::Object export_head(const Identity& identity, bool with_keys) {
  json::Object out;
  out.append("id", identity.key.device);
  if (identity.key.is_module()) out.append("moduleId", identity.key.module);
  out.append("eTag", counter_etag_text(identity.etag));
  if (identity.key.is_module() && identity.managed_by) out.append("managedBy", *identity.managed_by);
  out.append("status", identity.enabled ? "enabled" : "disabled");
  if (identity.status_reason) out.append("statusReason", *identity.status_reason);
  json::Object authentication = authentication_document(identity.authentication);
  out.append("authentication", with_keys ? std::move(authentication) : without_keys(std::move(authentication)));
  return out;
}

json::Object export_tail(const Identity& identity) {
  json::Object out;
  if (identity.key.is_module()) return out;
  json::Object capabilities;
  capabilities.append("iotEdge", identity.iot_edge);
  out.append("capabilities", std::move(capabilities));
  if (!identity.device_scope.empty()) out.append("deviceScope", identity.device_scope);
  if (identity.iot_edge || !identity.parent_scopes.empty()) {
    out.append("parentScopes", json::Array(identity.parent_scopes.begin(), identity.parent_scopes.end()));
  }
  return out;
}

json::Object error_document(const IdentityKey& key, const Error& error) {
  json::Object out;
  out.append("deviceId", key.device);
  out.append("moduleId", key.is_module() ? json::Value(key.module) : json::Value());
  out.append("errorCode", row(bulk_error_code(error.code)).name);
  out.append("errorStatus", error.message);
  out.append("operation", nullptr);
  return out;
}

json::Object warning_document(const IdentityKey& key, const BulkWarning& warning) {
  json::Object out;
  out.append("deviceId", key.device);
  if (key.is_module()) out.append("moduleId", key.module);
  out.append("warningCode", warning.code);
  out.append("warningStatus", warning.text);
  return out;
}

}  // namespace

HubResult<IdentityKey> read_bulk_key(const json::Value& item) {
  const json::Object* const object = item.if_object();
  if (object == nullptr) return fail(invalid("An item must be a JSON object"));
  auto device = read_either(*object, "id", "deviceId");
  if (!device) return fail(std::move(device.error()));
  auto module = read_text(*object, "moduleId");
  if (!module) return fail(std::move(module.error()));
  if (!*device || (*device)->empty()) return fail(Error(ErrorCode::kArgumentNull, "id is missing"));
  return IdentityKey{**std::move(device), (*std::move(module)).value_or("")};
}

HubResult<BulkItem> read_bulk_item(const json::Value& item, BulkDialect dialect) {
  BulkItem out;
  auto key = read_bulk_key(item);
  if (!key) return fail(std::move(key.error()));
  out.key = *std::move(key);
  const json::Object& object = *item.if_object();
  if (dialect == BulkDialect::kImport) {
    if (auto ok = check_status(object); !ok) return fail(std::move(ok.error()));
  }
  const auto mode = read_mode(object);
  if (!mode) return fail(mode.error());
  out.mode = *mode;
  auto etag = read_either(object, "eTag", "etag");
  if (!etag) return fail(std::move(etag.error()));
  out.etag = *std::move(etag);
  auto twin_etag = read_either(object, "twinETag", "twinEtag");
  if (!twin_etag) return fail(std::move(twin_etag.error()));
  out.twin_etag = *std::move(twin_etag);
  if (writes_identity(out.mode)) {
    auto input = read_input(object, out.key);
    if (!input) return fail(std::move(input.error()));
    out.input = *std::move(input);
  }
  auto twin = read_twin(object);
  if (!twin) return fail(std::move(twin.error()));
  out.twin = *std::move(twin);
  return out;
}

std::string_view name_of(ImportMode mode) {
  return kModeNames[static_cast<size_t>(mode)];
}

std::string export_line(const ScannedTwin& row, bool with_keys) {
  const Twin twin = row.twin ? *row.twin : fresh_twin(row.identity);
  std::string out = json::to_text(export_head(row.identity, with_keys));
  out.pop_back();
  out += R"(,"twinETag":")" + twin_etag_text(twin) + R"(","tags":)" + twin.tags;
  out += R"(,"properties":{"desired":)" + service_section_text(twin.desired);
  out += R"(,"reported":)" + service_section_text(twin.reported) + "}";
  const std::string tail = json::to_text(export_tail(row.identity));
  if (tail == "{}") return out += '}';
  out += ',';
  return out.append(tail, 1);
}

json::Object bulk_result_document(const std::vector<BulkOutcome>& outcomes) {
  json::Array errors;
  json::Array warnings;
  for (const BulkOutcome& o : outcomes) {
    if (o.error) errors.emplace_back(error_document(o.key, *o.error));
    if (o.warning) warnings.emplace_back(warning_document(o.key, *o.warning));
  }
  json::Object out;
  out.append("isSuccessful", errors.empty());
  out.append("errors", std::move(errors));
  out.append("warnings", std::move(warnings));
  return out;
}

}  // namespace nave::hub
