#include "app/connection_string.h"

#include "base/url.h"

namespace nave::app {

std::optional<ConnectionString> parse_connection_string(std::string_view text) {
  ConnectionString out;
  while (!text.empty()) {
    const size_t end = std::min(text.find(';'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return {};
    const std::string_view name = pair.substr(0, equals);
    const std::string value(pair.substr(equals + 1));
    if (equals_ignore_case(name, "HostName")) out.host_name = value;
    if (equals_ignore_case(name, "SharedAccessKeyName")) out.policy = value;
    if (equals_ignore_case(name, "SharedAccessKey")) out.key = value;
    if (equals_ignore_case(name, "SharedAccessSignature")) out.shared_access_signature = value;
    if (equals_ignore_case(name, "DeviceId")) out.device_id = value;
    if (equals_ignore_case(name, "ModuleId")) out.module_id = value;
  }
  if (out.host_name.empty()) return {};
  return out;
}

std::string policy_connection_string(const std::string& host, const auth::Policy& policy) {
  return "HostName=" + host + ";SharedAccessKeyName=" + policy.name + ";SharedAccessKey=" + policy.primary_key;
}

std::string device_connection_string(const std::string& host, const hub::Identity& identity) {
  if (identity.authentication.primary_key.empty()) return "";
  std::string out = "HostName=" + host + ";DeviceId=" + identity.key.device;
  if (identity.key.is_module()) out += ";ModuleId=" + identity.key.module;
  return out + ";SharedAccessKey=" + identity.authentication.primary_key;
}

std::string event_hub_connection_string(const std::string& host, const auth::Policy& policy,
                                        const std::string& entity) {
  return "Endpoint=sb://" + host + "/;SharedAccessKeyName=" + policy.name + ";SharedAccessKey=" + policy.primary_key +
         ";EntityPath=" + entity;
}

std::string storage_connection_string(const std::string& host, uint16_t port, const auth::BlobAccount& account) {
  const std::string authority = port == 443 ? host : host + ":" + std::to_string(port);
  return "DefaultEndpointsProtocol=https;AccountName=" + account.name + ";AccountKey=" + account.key +
         ";BlobEndpoint=https://" + authority + "/" + account.name + ";";
}

}  // namespace nave::app
