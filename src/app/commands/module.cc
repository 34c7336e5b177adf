// nave module.
#include <iostream>

#include "app/commands/commands.h"
#include "app/commands/identity.h"
#include "app/commands/output.h"
#include "json/write.h"

namespace nave::app {
namespace {

const Columns kColumns = {{"Device", "deviceId"},
                          {"Module", "moduleId"},
                          {"ManagedBy", "managedBy"},
                          {"Connection", "connectionState"},
                          {"ETag", "etag"}};

void print(const ClientResponse& response, const std::string& output) {
  std::cout << shown(answer_json(response), output, kColumns);
}

}  // namespace

void module_create(const DeviceOptions& o) {
  json::Object body;
  body.append("deviceId", o.device);
  body.append("moduleId", o.module);
  if (!o.managed_by.empty()) body.append("managedBy", o.managed_by);
  body.append("authentication", authentication_of(o));
  print(call_service(resolve_target(o.target), "PUT", identity_path(o.device, o.module), "", json::to_text(body)),
        o.output);
}

void module_show(const DeviceOptions& o) {
  print(call_service(resolve_target(o.target), "GET", identity_path(o.device, o.module), "", ""), o.output);
}

void module_list(const DeviceOptions& o) {
  print(call_service(resolve_target(o.target), "GET", identity_path(o.device) + "/modules", "", ""), o.output);
}

void module_delete(const DeviceOptions& o) {
  (void)call_service(resolve_target(o.target), "DELETE", identity_path(o.device, o.module), "*", "");
}

void module_connection_string_command(const DeviceOptions& o) {
  const Target target = resolve_target(o.target);
  std::cout << "HostName=" << target.connection.host_name << ";DeviceId=" << o.device << ";ModuleId=" << o.module
            << ";SharedAccessKey=" << fetch_primary_key(target, o.device, o.module) << '\n';
}

}  // namespace nave::app
