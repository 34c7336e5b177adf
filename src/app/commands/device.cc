#include <iostream>
#include <stdexcept>

#include "app/commands/commands.h"
#include "app/commands/identity.h"
#include "app/commands/output.h"
#include "json/write.h"

namespace nave::app {
namespace {

const Columns kColumns = {{"Device", "deviceId"},
                          {"Status", "status"},
                          {"Connection", "connectionState"},
                          {"LastActivity", "lastActivityTime"},
                          {"ETag", "etag"}};

void print(const ClientResponse& response, const std::string& output) {
  std::cout << shown(answer_json(response), output, kColumns);
}

}  // namespace

json::Object authentication_of(const DeviceOptions& o) {
  json::Object out;
  if (o.auth_method == "x509_thumbprint") {
    json::Object thumbprints;
    thumbprints.set("primaryThumbprint", o.primary_thumbprint);
    if (!o.secondary_thumbprint.empty()) thumbprints.set("secondaryThumbprint", o.secondary_thumbprint);
    out.set("type", "selfSigned");
    out.set("x509Thumbprint", std::move(thumbprints));
  } else if (o.auth_method == "x509_ca") {
    out.set("type", "certificateAuthority");
  } else {
    out.set("type", "sas");
    if (!o.primary_key.empty() || !o.secondary_key.empty()) {
      json::Object keys;
      keys.set("primaryKey", o.primary_key);
      keys.set("secondaryKey", o.secondary_key);
      out.set("symmetricKey", std::move(keys));
    }
  }
  return out;
}

void device_create(const DeviceOptions& o) {
  json::Object body;
  body.set("deviceId", o.device);
  body.set("status", o.status);
  if (!o.status_reason.empty()) body.set("statusReason", o.status_reason);
  body.set("authentication", authentication_of(o));
  json::Object capabilities;
  capabilities.set("iotEdge", o.edge);
  body.set("capabilities", std::move(capabilities));
  const Target target = resolve_target(o.target);
  print(call_service(target, "PUT", identity_path(o.device), "", json::to_text(body)), o.output);
}

void device_show(const DeviceOptions& o) {
  print(call_service(resolve_target(o.target), "GET", identity_path(o.device), "", ""), o.output);
}

void device_list(const DeviceOptions& o) {
  const std::string path = "/devices?top=" + std::to_string(o.top);
  print(call_service(resolve_target(o.target), "GET", path, "", ""), o.output);
}

void device_delete(const DeviceOptions& o) {
  (void)call_service(resolve_target(o.target), "DELETE", identity_path(o.device), "*", "");
}

void device_connection_string_command(const DeviceOptions& o) {
  const Target target = resolve_target(o.target);
  std::cout << "HostName=" << target.connection.host_name << ";DeviceId=" << o.device
            << ";SharedAccessKey=" << fetch_primary_key(target, o.device, "") << '\n';
}

std::string fetch_primary_key(const Target& target, const std::string& device, const std::string& module) {
  const json::Value identity = answer_json(call_service(target, "GET", identity_path(device, module), "", ""));
  const std::string key = text_at(identity, {"authentication", "symmetricKey", "primaryKey"});
  if (key.empty()) throw std::runtime_error((module.empty() ? device : module) + " has no symmetric key");
  return key;
}

}  // namespace nave::app
