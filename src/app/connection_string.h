// "HostName=…;SharedAccessKeyName=…;SharedAccessKey=…": making and reading connection strings of every kind.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/blob_sas.h"
#include "auth/policy.h"
#include "hub/device/identity.h"

namespace nave::app {

struct ConnectionString {
  std::string host_name;
  std::string policy;
  std::string device_id;
  std::string module_id;
  std::string key;                      // base64
  std::string shared_access_signature;  // instead of a key
};

// Field names compare ignoring case, order is free, values may contain '='. nullopt without a host name.
[[nodiscard]] std::optional<ConnectionString> parse_connection_string(std::string_view text);

[[nodiscard]] std::string policy_connection_string(const std::string& host, const auth::Policy& policy);
// Empty for identities without a symmetric key.
[[nodiscard]] std::string device_connection_string(const std::string& host, const hub::Identity& identity);
// Event-Hubs-compatible: "Endpoint=sb://host/;SharedAccessKeyName=…;SharedAccessKey=…;EntityPath=…".
[[nodiscard]] std::string event_hub_connection_string(const std::string& host, const auth::Policy& policy,
                                                      const std::string& entity);

// As Azure's storage SDKs take it: "DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;BlobEndpoint=…".
[[nodiscard]] std::string storage_connection_string(const std::string& host, uint16_t port,
                                                    const auth::BlobAccount& account);

}  // namespace nave::app
