// Which hub a client command talks to, and with what right.
#pragma once

#include <cstdint>
#include <string>

#include "app/client/http_client.h"
#include "app/connection_string.h"

namespace nave::app {

struct TargetOptions {
  std::string login;        // connection string; empty: $NAVE_CONNECTION_STRING, else the local data folder
  std::string data;         // empty: default_data_folder()
  std::string ca;           // empty: $NAVE_CA_FILE, else the local data folder's
  uint16_t https_port = 0;  // 0: the data folder's, else 443
  uint16_t amqp_port = 0;   // 0: the data folder's, else 5671
  uint16_t mqtt_port = 0;   // 0: the data folder's, else 8883
};

struct Target {
  ConnectionString connection;
  ClientTarget https;
  ClientTarget amqp;
  ClientTarget mqtt;
};

// Throws std::runtime_error that says what to do when there is nothing to talk to.
[[nodiscard]] Target resolve_target(const TargetOptions& options);

// A token for this target: of its policy for the whole host, or of its device for that device.
[[nodiscard]] std::string service_token(const Target& target);

// A token that a device or module signs in with, made from its own connection string or with the key that the registry
// has of it. Throws std::runtime_error when there is no key.
[[nodiscard]] std::string device_token(const Target& target, const std::string& device, const std::string& module,
                                       int64_t ttl_seconds);

// One call of the service API with a token made for it. `path` without api-version. Throws std::runtime_error with the
// service's own message when the status is not 2xx.
[[nodiscard]] ClientResponse call_service(const Target& target, const std::string& method, const std::string& path,
                                          const std::string& if_match, const std::string& body,
                                          int answer_timeout_ms = kAnswerTimeoutMs);
[[nodiscard]] ClientResponse call_service(const Target& target, const std::string& method, const std::string& path,
                                          ClientHeaders headers, const std::string& body,
                                          int answer_timeout_ms = kAnswerTimeoutMs);

// The ETag of an answer without its quotes; empty if there is none.
[[nodiscard]] std::string etag_of(const ClientResponse& response);

// The primary symmetric key of a device, or of a module of it. Throws std::runtime_error when there is none.
[[nodiscard]] std::string fetch_primary_key(const Target& target, const std::string& device, const std::string& module);

}  // namespace nave::app
