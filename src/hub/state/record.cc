#include "hub/state/record.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/base64.h"
#include "base/limits.h"
#include "hub/configuration/input.h"
#include "hub/device/authentication_rules.h"
#include "hub/device/etag.h"
#include "hub/device/identity_json.h"
#include "hub/device/ids.h"
#include "hub/twin/render.h"
#include "hub/twin/validate.h"
#include "json/parse.h"
#include "json/write.h"

namespace nave::hub {
namespace {

using auth::Right;

constexpr int64_t kFormat = 1;

struct RightName {
  Right right;
  std::string_view name;
};
constexpr std::array<RightName, 4> kRightNames = {{
    {Right::kRegistryRead, "RegistryRead"},
    {Right::kRegistryWrite, "RegistryWrite"},
    {Right::kServiceConnect, "ServiceConnect"},
    {Right::kDeviceConnect, "DeviceConnect"},
}};

Error invalid(std::string text) {
  return {ErrorCode::kArgumentInvalid, std::move(text)};
}

std::string text_of(const json::Object& object, std::string_view name) {
  const json::Value* const v = object.find(name);
  return v == nullptr || v->if_string() == nullptr ? "" : *v->if_string();
}

// An empty object where there is none.
const json::Object& object_at(const json::Object& object, std::string_view name) {
  static const json::Object empty;
  const json::Value* const v = object.find(name);
  return v == nullptr || v->if_object() == nullptr ? empty : *v->if_object();
}

// ---------------------------------------------------------------------------------------------------------------------
// Writing.

json::Object policy_document(const auth::Policy& policy) {
  json::Array rights;
  for (const RightName& r : kRightNames) {
    if ((policy.rights.bits() & static_cast<uint8_t>(r.right)) != 0) rights.emplace_back(r.name);
  }
  json::Object out;
  out.append("kind", "policy");
  out.append("name", policy.name);
  out.append("rights", std::move(rights));
  out.append("primaryKey", policy.primary_key);
  out.append("secondaryKey", policy.secondary_key);
  return out;
}

json::Object identity_document(const Identity& i) {
  const bool module = i.key.is_module();
  json::Object out;
  out.append("kind", module ? "module" : "device");
  out.append("deviceId", i.key.device);
  if (module) out.append("moduleId", i.key.module);
  out.append("generationId", i.generation_id);
  out.append("etag", counter_etag_text(i.etag));
  if (module && i.managed_by) out.append("managedBy", *i.managed_by);
  if (!module) {
    out.append("status", i.enabled ? "enabled" : "disabled");
    if (i.status_reason) out.append("statusReason", *i.status_reason);
    out.append("statusUpdatedTime", format_iso8601(i.status_updated));
  }
  out.append("authentication", authentication_document(i.authentication));
  if (module) return out;
  json::Object capabilities;
  capabilities.append("iotEdge", i.iot_edge);
  out.append("capabilities", std::move(capabilities));
  if (!i.device_scope.empty()) out.append("deviceScope", i.device_scope);
  if (!i.parent_scopes.empty()) {
    out.append("parentScopes", json::Array(i.parent_scopes.begin(), i.parent_scopes.end()));
  }
  return out;
}

// Nothing has been written to it: the same as no twin.
bool is_fresh(const ScannedTwin& row) {
  if (!row.twin) return true;
  Twin fresh = fresh_twin(row.identity);
  fresh.revision = row.twin->revision;
  return fresh == *row.twin;
}

std::string identity_line(const ScannedTwin& row) {
  std::string out = json::to_text(identity_document(row.identity));
  if (is_fresh(row)) return out;
  out.pop_back();
  out += R"(,"twin":{"etag":")" + twin_etag_text(*row.twin) + '"';
  if (!row.twin->model_id.empty()) {
    out += R"(,"modelId":)";
    json::write_string(row.twin->model_id, out);
  }
  out += R"(,"tags":)" + row.twin->tags;
  out += R"(,"properties":{"desired":)" + service_section_text(row.twin->desired);
  return out + R"(,"reported":)" + service_section_text(row.twin->reported) + "}}}";
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading.

HubResult<StateRecord> read_head(const json::Object& line) {
  const json::Value* const format = line.find("format");
  if (format != nullptr && format->to_int64() == kFormat) return StateRecord(StateHead());
  return fail(invalid("The file is of a format that this version does not know"));
}

bool is_key(const std::string& text) {
  const auto bytes = base64_decode(text);
  return bytes && bytes->size() >= limits::kKeyBytesMin && bytes->size() <= limits::kKeyBytesMax;
}

HubResult<StateRecord> read_policy(const json::Object& line) {
  auth::Policy out{text_of(line, "name"), {}, text_of(line, "primaryKey"), text_of(line, "secondaryKey")};
  if (out.name.empty() || out.name.size() > limits::kPolicyNameCharsMax) return fail(invalid("A policy has no name"));
  if (!is_key(out.primary_key) || !is_key(out.secondary_key)) return fail(invalid("A policy has no valid keys"));
  const json::Value* const rights = line.find("rights");
  if (rights == nullptr || rights->if_array() == nullptr) return fail(invalid("A policy has no rights"));
  uint8_t bits = 0;
  for (const json::Value& v : *rights->if_array()) {
    const auto known = std::ranges::find_if(
        kRightNames, [&v](const RightName& r) { return v.if_string() != nullptr && *v.if_string() == r.name; });
    if (known == kRightNames.end()) return fail(invalid("A policy has an unknown right"));
    bits = static_cast<uint8_t>(bits | static_cast<uint8_t>(known->right));
  }
  out.rights = auth::Rights(bits);
  return StateRecord(std::move(out));
}

HubResult<Authentication> read_authentication(const std::optional<AuthenticationInput>& input, const IdentityKey& key) {
  IdentityKind kind = IdentityKind::kDevice;
  if (key.is_module()) kind = is_system_module_id(key.module) ? IdentityKind::kSystemModule : IdentityKind::kModule;
  return decide_authentication(input, kind);
}

HubResult<void> read_device(const json::Object& line, Identity& out) {
  auto input = parse_device(line, out.key);
  if (!input) return fail(std::move(input.error()));
  auto authentication = read_authentication(input->authentication, out.key);
  if (!authentication) return fail(std::move(authentication.error()));
  const auto status_updated = parse_iso8601(text_of(line, "statusUpdatedTime"));
  if (!status_updated) return fail(invalid("statusUpdatedTime is no time"));
  if (input->status_reason.value_or("").size() > limits::kStatusReasonBytesMax) {
    return fail(invalid("statusReason has more than 128 characters"));
  }
  out.authentication = *std::move(authentication);
  out.enabled = input->enabled;
  out.status_reason = std::move(input->status_reason);
  out.status_updated = *status_updated;
  out.iot_edge = input->iot_edge;
  out.device_scope = input->device_scope.value_or("");
  out.parent_scopes = std::move(input->parent_scopes);
  return {};
}

HubResult<void> read_module(const json::Object& line, Identity& out) {
  auto input = parse_module(line, out.key);
  if (!input) return fail(std::move(input.error()));
  auto authentication = read_authentication(input->authentication, out.key);
  if (!authentication) return fail(std::move(authentication.error()));
  if (input->managed_by.value_or("").size() > limits::kIdCharsMax) return fail(invalid("managedBy is too long"));
  out.authentication = *std::move(authentication);
  out.managed_by = std::move(input->managed_by);
  return {};
}

HubResult<TwinSection> read_section(const json::Object& section, TwinPart part) {
  json::Object values = section;
  const json::Value* const version = section.find("$version");
  const std::optional<int64_t> number = version != nullptr ? version->to_int64() : std::nullopt;
  if (!number || *number < 1) return fail(invalid(std::string(name_of(part)) + " has no $version"));
  TwinSection out;
  out.version = static_cast<uint64_t>(*number);
  out.metadata = json::to_text(object_at(section, "$metadata"));
  values.erase("$metadata");
  values.erase("$version");
  if (auto ok = check_twin_values(values, part); !ok) return fail(std::move(ok.error()));
  if (auto ok = check_twin_size(values, part); !ok) return fail(std::move(ok.error()));
  out.values = json::to_text(std::move(values));
  return out;
}

HubResult<Twin> read_twin(const json::Object& document) {
  Twin out;
  const auto changes = parse_twin_etag(text_of(document, "etag"));
  if (!changes) return fail(invalid("The twin has no valid etag"));
  out.changes = *changes;
  out.model_id = text_of(document, "modelId");
  if (out.model_id.size() > limits::kModelIdBytesMax) return fail(invalid("The model id is too long"));
  const json::Object& tags = object_at(document, "tags");
  if (auto ok = check_twin_values(tags, TwinPart::kTags); !ok) return fail(std::move(ok.error()));
  if (auto ok = check_twin_size(tags, TwinPart::kTags); !ok) return fail(std::move(ok.error()));
  out.tags = json::to_text(tags);
  const json::Object& properties = object_at(document, "properties");
  auto desired = read_section(object_at(properties, "desired"), TwinPart::kDesired);
  if (!desired) return fail(std::move(desired.error()));
  auto reported = read_section(object_at(properties, "reported"), TwinPart::kReported);
  if (!reported) return fail(std::move(reported.error()));
  out.desired = *std::move(desired);
  out.reported = *std::move(reported);
  return out;
}

HubResult<StateRecord> read_identity(const json::Object& line, bool module) {
  ScannedTwin out;
  Identity& i = out.identity;
  i.key = {text_of(line, "deviceId"), module ? text_of(line, "moduleId") : ""};
  if (!is_valid_id(i.key.device) || (module && !is_valid_id(i.key.module))) return fail(invalid("An id is not valid"));
  i.generation_id = text_of(line, "generationId");
  const bool digits = i.generation_id.find_first_not_of("0123456789") == std::string::npos;
  if (i.generation_id.empty() || i.generation_id.size() > limits::kIdCharsMax || !digits) {
    return fail(invalid("generationId is not a number"));
  }
  const auto etag = parse_counter_etag(text_of(line, "etag"));
  if (!etag) return fail(invalid("The etag is not valid"));
  i.etag = *etag;
  if (auto ok = module ? read_module(line, i) : read_device(line, i); !ok) return fail(std::move(ok.error()));
  if (const json::Value* const twin = line.find("twin"); twin != nullptr && twin->if_object() != nullptr) {
    auto read = read_twin(*twin->if_object());
    if (!read) return fail(std::move(read.error()));
    out.twin = *std::move(read);
  }
  return StateRecord(std::move(out));
}

// ---------------------------------------------------------------------------------------------------------------------
// Configurations.

json::Value parsed(const std::string& text) {
  return text.empty() ? json::Value() : json::parse(text, {.bytes_max = text.size()}).value_or(json::Value());
}

// What a client would PUT (hub/configuration/input.h).
json::Object configuration_document(const Configuration& c) {
  json::Object queries;
  queries.append("queries", parsed(c.metrics));
  json::Object out;
  out.append("kind", "configuration");
  out.append("id", c.id);
  out.append("schemaVersion", c.schema_version ? json::Value(*c.schema_version) : json::Value());
  out.append("labels", parsed(c.labels));
  out.append("content", parsed(c.content));
  out.append("contentType", c.content_type ? json::Value(*c.content_type) : json::Value());
  out.append("targetCondition", c.target_condition);
  out.append("priority", c.priority);
  out.append("metrics", std::move(queries));
  return out;
}

HubResult<StateRecord> read_configuration_line(const json::Object& line) {
  const std::string id = text_of(line, "id");
  if (!is_valid_configuration_id(id)) return fail(invalid("The configuration id is not valid"));
  auto configuration = read_configuration(id, line);
  if (!configuration) return fail(std::move(configuration.error()));
  return StateRecord(*std::move(configuration));
}

}  // namespace

std::string state_line(const StateRecord& record) {
  if (const auto* row = std::get_if<ScannedTwin>(&record)) return identity_line(*row);
  if (const auto* policy = std::get_if<auth::Policy>(&record)) return json::to_text(policy_document(*policy));
  if (const auto* configuration = std::get_if<Configuration>(&record)) {
    return json::to_text(configuration_document(*configuration));
  }
  json::Object head;
  head.append("kind", "hub");
  head.append("format", kFormat);
  return json::to_text(std::move(head));
}

HubResult<StateRecord> read_state_line(std::string_view line) {
  const auto value = json::parse(line, {.bytes_max = limits::kStateLineBytesMax});
  if (!value) return fail(invalid(value.error().message()));
  const json::Object* const object = value->if_object();
  if (object == nullptr) return fail(invalid("A line must be a JSON object"));
  const std::string kind = text_of(*object, "kind");
  if (kind == "hub") return read_head(*object);
  if (kind == "policy") return read_policy(*object);
  if (kind == "device") return read_identity(*object, false);
  if (kind == "module") return read_identity(*object, true);
  if (kind == "configuration") return read_configuration_line(*object);
  return fail(invalid("A line is of no known kind"));
}

}  // namespace nave::hub
