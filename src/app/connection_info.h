// Everything a client needs to reach this hub: the banner, the ready file and `nave connection-string` show the same.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "auth/policy.h"
#include "hub/hub_info.h"
#include "hub/ports.h"

namespace nave::app {

struct ConnectionInfo {
  std::string host_name;
  int pid = 0;
  uint16_t mqtt_port = 0, amqp_port = 0, https_port = 0;
  int metrics_port = -1;
  std::string ca_file;
  // In the order of design: iothubowner, service, device, registryRead, registryReadWrite, others, eventHub.
  std::vector<std::pair<std::string, std::string>> connection_strings;
  std::string device_id;  // empty when the first device is gone
  std::string device_connection_string;
  bool fault_injection = false;  // for the banner
};

// Fills connection strings and the first device.
void add_connection_strings(ConnectionInfo& info, const hub::HubInfo& hub, const auth::PolicySet& policies,
                            const hub::DeviceStore& store);

// {"hostName", "pid", "ports": {…}, "caFile", "connectionStrings": {…}, "device": {…}}: a contract, keep it stable.
[[nodiscard]] std::string to_json(const ConnectionInfo& info);
// What a person sees after start; lines can be pasted as they are. `command` is how to call this program from a shell,
// `data` the folder to name if it is not the default one (else empty).
[[nodiscard]] std::string banner(const ConnectionInfo& info, const std::string& command, const std::string& data);

}  // namespace nave::app
