#include "hub/device/identity_json.h"

#include "base/url.h"
#include "hub/device/etag.h"

namespace nave::hub {
namespace {

// Reads fields of one object; remembers the first that has the wrong type.
class Fields {
 public:
  explicit Fields(const json::Object& object) : object_(object) {}

  // nullptr: absent or null.
  const json::Value* get(std::string_view name) const {
    const json::Value* const v = object_.find(name);
    return v == nullptr || v->is_null() ? nullptr : v;
  }
  std::optional<std::string> text(std::string_view name) {
    const json::Value* const v = get(name);
    if (v == nullptr) return {};
    if (v->if_string() != nullptr) return *v->if_string();
    complain(name, "a string");
    return {};
  }
  bool boolean(std::string_view name) {
    const json::Value* const v = get(name);
    if (v == nullptr) return false;
    if (v->if_bool() != nullptr) return *v->if_bool();
    complain(name, "a boolean");
    return false;
  }
  // An empty object when absent.
  const json::Object& object(std::string_view name) {
    static const json::Object empty;
    const json::Value* const v = get(name);
    if (v == nullptr) return empty;
    if (v->if_object() != nullptr) return *v->if_object();
    complain(name, "an object");
    return empty;
  }
  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> out;
    const json::Value* const v = get(name);
    if (v == nullptr) return out;
    if (v->if_array() == nullptr) {
      complain(name, "an array of strings");
      return out;
    }
    for (const json::Value& item : *v->if_array()) {
      if (item.if_string() == nullptr)
        complain(name, "an array of strings");
      else
        out.push_back(*item.if_string());
    }
    return out;
  }
  void complain(std::string_view name, std::string_view what) {
    if (problem_.empty()) problem_ = std::string(name) + " must be " + std::string(what);
  }
  void adopt(const Fields& inner) {
    if (problem_.empty()) problem_ = inner.problem_;
  }
  [[nodiscard]] HubResult<void> verdict() const {
    if (problem_.empty()) return {};
    return fail(Error(ErrorCode::kArgumentInvalid, problem_));
  }

 private:
  const json::Object& object_;
  std::string problem_;
};

struct AuthTypeName {
  AuthType type;
  std::string_view name;
};
constexpr AuthTypeName kAuthTypes[] = {
    {AuthType::kSas, "sas"},
    {AuthType::kSelfSigned, "selfSigned"},
    {AuthType::kCertificateAuthority, "certificateAuthority"},
    {AuthType::kNone, "none"},
};

std::optional<AuthenticationInput> parse_authentication(Fields& identity) {
  if (identity.get("authentication") == nullptr) return {};
  AuthenticationInput out;
  Fields fields(identity.object("authentication"));
  if (const std::optional<std::string> name = fields.text("type")) {
    for (const AuthTypeName& t : kAuthTypes) {
      if (equals_ignore_case(*name, t.name)) out.type = t.type;
    }
    if (!out.type) fields.complain("authentication.type", "sas, selfSigned, certificateAuthority or none");
  }
  Fields keys(fields.object("symmetricKey"));
  out.primary_key = keys.text("primaryKey").value_or("");
  out.secondary_key = keys.text("secondaryKey").value_or("");
  Fields thumbprints(fields.object("x509Thumbprint"));
  out.primary_thumbprint = thumbprints.text("primaryThumbprint").value_or("");
  out.secondary_thumbprint = thumbprints.text("secondaryThumbprint").value_or("");
  fields.adopt(keys);
  fields.adopt(thumbprints);
  identity.adopt(fields);
  return out;
}

void check_id(Fields& fields, std::string_view name, const std::string& expected) {
  const std::optional<std::string> id = fields.text(name);
  if (id && !id->empty() && *id != expected) fields.complain(name, "the one of the path");
}

std::string_view connection_state(const Presence& presence) {
  return presence.connected ? "Connected" : "Disconnected";
}

json::Value text_or_null(const std::string& text) {
  return text.empty() ? json::Value() : json::Value(text);
}

}  // namespace

json::Object authentication_document(const Authentication& a) {
  json::Object keys;
  keys.append("primaryKey", text_or_null(a.primary_key));
  keys.append("secondaryKey", text_or_null(a.secondary_key));
  json::Object thumbprints;
  thumbprints.append("primaryThumbprint", text_or_null(a.primary_thumbprint));
  thumbprints.append("secondaryThumbprint", text_or_null(a.secondary_thumbprint));
  json::Object out;
  out.append("symmetricKey", std::move(keys));
  out.append("x509Thumbprint", std::move(thumbprints));
  out.append("type", kAuthTypes[static_cast<size_t>(a.type)].name);
  return out;
}

HubResult<DeviceInput> parse_device(const json::Object& body, const IdentityKey& key) {
  Fields fields(body);
  check_id(fields, "deviceId", key.device);
  DeviceInput out;
  if (const std::optional<std::string> status = fields.text("status")) {
    out.enabled = equals_ignore_case(*status, "enabled");
    if (!out.enabled && !equals_ignore_case(*status, "disabled")) fields.complain("status", "enabled or disabled");
  }
  out.status_reason = fields.text("statusReason");
  out.authentication = parse_authentication(fields);
  Fields capabilities(fields.object("capabilities"));
  out.iot_edge = capabilities.boolean("iotEdge");
  fields.adopt(capabilities);
  out.device_scope = fields.text("deviceScope");
  out.parent_scopes = fields.texts("parentScopes");
  if (const auto ok = fields.verdict(); !ok) return fail(ok.error());
  return out;
}

HubResult<ModuleInput> parse_module(const json::Object& body, const IdentityKey& key) {
  Fields fields(body);
  check_id(fields, "deviceId", key.device);
  check_id(fields, "moduleId", key.module);
  ModuleInput out;
  out.managed_by = fields.text("managedBy");
  out.authentication = parse_authentication(fields);
  if (const auto ok = fields.verdict(); !ok) return fail(ok.error());
  return out;
}

json::Object device_document(const Identity& device, const Presence& presence) {
  json::Object out;
  out.append("deviceId", device.key.device);
  out.append("generationId", device.generation_id);
  out.append("etag", counter_etag_text(device.etag));
  out.append("connectionState", connection_state(presence));
  out.append("status", device.enabled ? "enabled" : "disabled");
  out.append("statusReason", device.status_reason ? json::Value(*device.status_reason) : json::Value());
  out.append("connectionStateUpdatedTime", format_iso8601(presence.state_updated));
  out.append("statusUpdatedTime", format_iso8601(device.status_updated));
  out.append("lastActivityTime", format_iso8601(presence.last_activity));
  out.append("cloudToDeviceMessageCount", uint64_t{presence.messages_waiting});
  out.append("authentication", authentication_document(device.authentication));
  json::Object capabilities;
  capabilities.append("iotEdge", device.iot_edge);
  out.append("capabilities", std::move(capabilities));
  if (!device.device_scope.empty()) out.append("deviceScope", device.device_scope);
  if (device.iot_edge || !device.parent_scopes.empty()) {
    out.append("parentScopes", json::Array(device.parent_scopes.begin(), device.parent_scopes.end()));
  }
  return out;
}

json::Object module_document(const Identity& module, const Presence& presence) {
  json::Object out;
  out.append("moduleId", module.key.module);
  out.append("managedBy", module.managed_by ? json::Value(*module.managed_by) : json::Value());
  out.append("deviceId", module.key.device);
  out.append("generationId", module.generation_id);
  out.append("etag", counter_etag_text(module.etag));
  out.append("connectionState", connection_state(presence));
  out.append("connectionStateUpdatedTime", format_iso8601(presence.state_updated));
  out.append("lastActivityTime", format_iso8601(presence.last_activity));
  out.append("cloudToDeviceMessageCount", uint64_t{presence.messages_waiting});
  out.append("authentication", authentication_document(module.authentication));
  return out;
}

}  // namespace nave::hub
