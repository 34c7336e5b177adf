// What the hub is called and how it is divided: fixed for the life of the process.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/url.h"

namespace nave::hub {

struct HubInfo {
  std::string host_name;             // as in connection strings
  std::vector<std::string> aliases;  // further names and addresses that clients may dial (gateway names, localhost)
  uint16_t partition_count = 4;
  uint16_t amqp_port = 5671;  // what redirects name
  uint16_t https_port = 443;  // where containers of our own are

  // First label of the host name: what SDKs call the hub name (also for 127.0.0.1).
  [[nodiscard]] std::string name() const { return host_name.substr(0, host_name.find('.')); }
  // Name of the Event-Hubs-compatible entity. Same as the hub name.
  [[nodiscard]] std::string event_hub_name() const { return name(); }
  // `host` may carry ":port"; compared ignoring case (reference/device-mqtt-https.md §1.5).
  [[nodiscard]] bool is_own_host(std::string_view host) const {
    if (const size_t colon = host.rfind(':');
        colon != std::string_view::npos && host.find(']') == std::string_view::npos)
      host = host.substr(0, colon);
    if (equals_ignore_case(host, host_name)) return true;
    for (const std::string& a : aliases) {
      if (equals_ignore_case(host, a)) return true;
    }
    return false;
  }
};

}  // namespace nave::hub
