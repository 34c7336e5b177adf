#include "hub/twin/render.h"

#include <array>
#include <string_view>

#include "hub/device/etag.h"
#include "json/write.h"

namespace nave::hub {
namespace {

// `object` is the text of a JSON object: opens it again for further members.
void append_open(std::string& out, std::string_view object) {
  out += object.substr(0, object.size() - 1);
  if (object.size() > 2) out += ',';
}

void append_version(std::string& out, uint64_t version) {
  out += R"("$version":)" + std::to_string(version) + "}";
}

void append_section(std::string& out, const TwinSection& section, bool with_metadata) {
  append_open(out, section.values);
  if (with_metadata) out += R"("$metadata":)" + section.metadata + ",";
  append_version(out, section.version);
}

constexpr std::array<std::string_view, 4> kAuthTypeNames = {"sas", "selfSigned", "certificateAuthority", "none"};

json::Value text_or_null(const std::string& text) {
  return text.empty() ? json::Value() : json::Value(text);
}

// Everything in front of the tags; the version counts every change of the twin, by whomever (§11.1).
json::Object head(const Identity& identity, const Presence& presence, const Twin& twin) {
  const Authentication& a = identity.authentication;
  json::Object out;
  out.append("deviceId", identity.key.device);
  if (identity.key.is_module()) out.append("moduleId", identity.key.module);
  out.append("etag", twin_etag_text(twin));
  out.append("deviceEtag", counter_etag_text(identity.etag));
  out.append("status", identity.enabled ? "enabled" : "disabled");
  if (identity.status_reason) out.append("statusReason", *identity.status_reason);
  out.append("statusUpdateTime", format_iso8601(identity.status_updated));
  out.append("connectionState", presence.connected ? "Connected" : "Disconnected");
  out.append("lastActivityTime", format_iso8601(presence.last_activity));
  out.append("cloudToDeviceMessageCount", uint64_t{presence.messages_waiting});
  out.append("authenticationType", kAuthTypeNames[static_cast<size_t>(a.type)]);
  json::Object thumbprints;
  thumbprints.append("primaryThumbprint", text_or_null(a.primary_thumbprint));
  thumbprints.append("secondaryThumbprint", text_or_null(a.secondary_thumbprint));
  out.append("x509Thumbprint", std::move(thumbprints));
  out.append("modelId", twin.model_id);
  out.append("version", twin.changes + twin.reported.version);
  return out;
}

json::Object tail(const Identity& identity) {
  json::Object capabilities;
  capabilities.append("iotEdge", identity.iot_edge);
  json::Object out;
  out.append("capabilities", std::move(capabilities));
  if (!identity.device_scope.empty()) out.append("deviceScope", identity.device_scope);
  if (!identity.parent_scopes.empty()) {
    out.append("parentScopes", json::Array(identity.parent_scopes.begin(), identity.parent_scopes.end()));
  }
  return out;
}

}  // namespace

std::string service_twin_text(const Identity& identity, const Presence& presence, const Twin& twin) {
  std::string out;
  out.reserve(1024 + twin.tags.size() + twin.desired.values.size() + twin.desired.metadata.size() +
              twin.reported.values.size() + twin.reported.metadata.size());
  append_open(out, json::to_text(head(identity, presence, twin)));
  if (twin.tags != "{}") out += R"("tags":)" + twin.tags + ",";
  out += R"("properties":{"desired":)";
  append_section(out, twin.desired, true);
  out += R"(,"reported":)";
  append_section(out, twin.reported, true);
  out += "},";
  out.append(json::to_text(tail(identity)), 1);
  if (twin.configurations.empty()) return out;
  out.pop_back();
  return out += R"(,"configurations":)" + twin.configurations + "}";
}

json::Object service_twin_fields(const Identity& identity, const Presence& presence, const Twin& twin) {
  json::Object out = head(identity, presence, twin);
  json::Object rest = tail(identity);
  for (json::Member& member : rest) out.append(std::move(member.name), std::move(member.value));
  return out;
}

std::string service_section_text(const TwinSection& section) {
  std::string out;
  append_section(out, section, true);
  return out;
}

std::string device_twin_text(const Twin& twin) {
  std::string out = R"({"desired":)";
  append_section(out, twin.desired, false);
  out += R"(,"reported":)";
  append_section(out, twin.reported, false);
  return out += '}';
}

DesiredChange whole_desired(const Twin& twin) {
  DesiredChange out{twin.desired.version, {}};
  append_section(out.body, twin.desired, false);
  return out;
}

}  // namespace nave::hub
