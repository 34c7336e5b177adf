#include <iostream>
#include <stdexcept>

#include "app/commands/commands.h"
#include "app/commands/output.h"
#include "base/url.h"
#include "json/parse.h"
#include "json/write.h"

namespace nave::app {
namespace {

const Columns kColumns = {{"Device", "deviceId"},
                          {"Status", "status"},
                          {"Connection", "connectionState"},
                          {"LastActivity", "lastActivityTime"},
                          {"ETag", "etag"}};

std::string device_path(const std::string& id) {
  return "/devices/" + percent_encode(id);
}

json::Value parse_answer(const ClientResponse& response) {
  auto value = json::parse(response.body, {.bytes_max = size_t{64} << 20});
  if (!value) throw std::runtime_error("the hub's answer is not JSON");
  return std::move(*value);
}

void print(const json::Value& value, const std::string& output) {
  if (output != "table") {
    std::cout << indented(value);
    return;
  }
  std::vector<const json::Object*> rows;
  if (const json::Array* array = value.if_array()) {
    for (const json::Value& v : *array) {
      if (v.if_object() != nullptr) rows.push_back(v.if_object());
    }
  } else if (value.if_object() != nullptr) {
    rows.push_back(value.if_object());
  }
  std::cout << table(rows, kColumns);
}

json::Object authentication(const DeviceOptions& o) {
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

}  // namespace

void device_create(const DeviceOptions& o) {
  json::Object body;
  body.set("deviceId", o.device);
  body.set("status", o.status);
  if (!o.status_reason.empty()) body.set("statusReason", o.status_reason);
  body.set("authentication", authentication(o));
  json::Object capabilities;
  capabilities.set("iotEdge", o.edge);
  body.set("capabilities", std::move(capabilities));
  const Target target = resolve_target(o.target);
  print(parse_answer(call_service(target, "PUT", device_path(o.device), "", json::to_text(body))), o.output);
}

void device_show(const DeviceOptions& o) {
  print(parse_answer(call_service(resolve_target(o.target), "GET", device_path(o.device), "", "")), o.output);
}

void device_list(const DeviceOptions& o) {
  const std::string path = "/devices?top=" + std::to_string(o.top);
  print(parse_answer(call_service(resolve_target(o.target), "GET", path, "", "")), o.output);
}

void device_delete(const DeviceOptions& o) {
  (void)call_service(resolve_target(o.target), "DELETE", device_path(o.device), "*", "");
}

void device_connection_string_command(const DeviceOptions& o) {
  const Target target = resolve_target(o.target);
  std::cout << "HostName=" << target.connection.host_name << ";DeviceId=" << o.device
            << ";SharedAccessKey=" << fetch_primary_key(target, o.device, "") << '\n';
}

std::string fetch_primary_key(const Target& target, const std::string& device, const std::string& module) {
  const std::string path = device_path(device) + (module.empty() ? "" : "/modules/" + percent_encode(module));
  const json::Value identity = parse_answer(call_service(target, "GET", path, "", ""));
  const json::Value* node = &identity;
  for (const char* name : {"authentication", "symmetricKey", "primaryKey"}) {
    node = node->if_object() != nullptr ? node->if_object()->find(name) : nullptr;
    if (node == nullptr) break;
  }
  const std::string* key = node != nullptr ? node->if_string() : nullptr;
  if (key == nullptr || key->empty()) throw std::runtime_error(device + " has no symmetric key");
  return *key;
}

}  // namespace nave::app
