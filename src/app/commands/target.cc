#include "app/commands/target.h"

#include <chrono>
#include <cstdlib>
#include <stdexcept>

#include "app/config.h"
#include "app/data_folder.h"
#include "auth/sas_token.h"
#include "base/random.h"
#include "base/url.h"
#include "json/parse.h"

namespace nave::app {
namespace {

constexpr const char* kApiVersion = "2021-04-12";
constexpr int64_t kTokenSeconds = 3600;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// connection.json of a local hub; nullopt if there is none.
std::optional<json::Value> local_connection(const std::string& folder) {
  const std::string file = DataFolder::connection_file(folder);
  if (!file_exists(file)) return {};
  auto parsed = json::parse(read_file(file));
  if (!parsed) throw std::runtime_error(file + " is damaged; start the hub to write it anew");
  return *parsed;
}

std::string member(const json::Value& value, const char* outer, const char* inner) {
  const json::Object* object = value.if_object();
  const json::Value* found = object != nullptr ? object->find(outer) : nullptr;
  if (found != nullptr && inner != nullptr) {
    object = found->if_object();
    found = object != nullptr ? object->find(inner) : nullptr;
  }
  const std::string* text = found != nullptr ? found->if_string() : nullptr;
  return text != nullptr ? *text : "";
}

uint16_t port_of(const json::Value& local, const char* name, uint16_t otherwise) {
  const json::Value* ports = local.if_object() != nullptr ? local.if_object()->find("ports") : nullptr;
  const json::Value* port =
      ports != nullptr && ports->if_object() != nullptr ? ports->if_object()->find(name) : nullptr;
  const auto number = port != nullptr ? port->to_int64() : std::nullopt;
  return number && *number > 0 && *number <= 65535 ? static_cast<uint16_t>(*number) : otherwise;
}

// What the first of several errors says (reference/service-rest.md §8, §9).
std::string first_error(const json::Value& body) {
  const json::Value* const errors = body.if_object() != nullptr ? body.if_object()->find("errors") : nullptr;
  if (errors == nullptr || errors->if_array() == nullptr || errors->if_array()->empty()) return "";
  return member(errors->if_array()->front(), "errorStatus", nullptr);
}

std::string service_message(const ClientResponse& response) {
  std::string message = "status " + std::to_string(response.status);
  if (const auto body = json::parse(response.body)) {
    const std::string text = member(*body, "Message", nullptr);
    if (const std::string first = first_error(*body); text.empty() && !first.empty()) {
      message = first;
    } else if (!text.empty()) {
      // Some errors are a JSON document inside the text (reference/service-rest.md §4, E3).
      const auto nested = json::parse(text);
      const size_t semicolon = text.find(';');
      message = nested ? member(*nested, "message", nullptr)
                       : (semicolon == std::string::npos ? text : text.substr(semicolon + 1));
    }
  }
  if (const auto code = response.headers.find("iothub-errorcode"); code != response.headers.end()) {
    message = code->second + ": " + message;
  }
  return message;
}

}  // namespace

Target resolve_target(const TargetOptions& options) {
  const std::string folder = options.data.empty() ? default_data_folder() : options.data;
  std::string login = options.login.empty() ? environment("NAVE_CONNECTION_STRING") : options.login;
  const auto local = local_connection(folder);
  const bool use_local = login.empty();
  if (use_local) {
    if (!local) {
      throw std::runtime_error(
          "no hub to talk to: give --login or NAVE_CONNECTION_STRING, or start one with the data folder " + folder);
    }
    login = member(*local, "connectionStrings", "iothubowner");
  }
  const auto connection = parse_connection_string(login);
  if (!connection) throw std::runtime_error("the connection string has no HostName");
  Target target{*connection, {}, {}, {}};
  // The CA of the local folder serves a --login for the same host too.
  const bool same_host = local && equals_ignore_case(member(*local, "hostName", nullptr), connection->host_name);
  std::string ca = options.ca.empty() ? environment("NAVE_CA_FILE") : options.ca;
  if (ca.empty() && same_host) ca = member(*local, "caFile", nullptr);
  const json::Value ports = same_host ? *local : json::Value();
  target.https = {connection->host_name, options.https_port != 0 ? options.https_port : port_of(ports, "https", 443),
                  ca};
  target.amqp = {connection->host_name, options.amqp_port != 0 ? options.amqp_port : port_of(ports, "amqp", 5671), ca};
  target.mqtt = {connection->host_name, options.mqtt_port != 0 ? options.mqtt_port : port_of(ports, "mqtt", 8883), ca};
  return target;
}

std::string service_token(const Target& target) {
  const ConnectionString& c = target.connection;
  if (!c.shared_access_signature.empty()) return c.shared_access_signature;
  if (!c.device_id.empty()) return device_token(target, c.device_id, c.module_id, kTokenSeconds);
  if (c.policy.empty() || c.key.empty()) {
    throw std::runtime_error("the connection string needs SharedAccessKeyName and SharedAccessKey of an access policy");
  }
  return auth::make_sas(c.host_name, c.key, unix_now() + kTokenSeconds, c.policy);
}

std::string etag_of(const ClientResponse& response) {
  const auto header = response.headers.find("etag");
  if (header == response.headers.end()) return "";
  const std::string& etag = header->second;
  return etag.size() >= 2 && etag.front() == '"' ? etag.substr(1, etag.size() - 2) : etag;
}

std::string device_token(const Target& target, const std::string& device, const std::string& module,
                         int64_t ttl_seconds) {
  const ConnectionString& c = target.connection;
  const bool own = c.device_id == device && c.module_id == module;
  if (own && !c.shared_access_signature.empty()) return c.shared_access_signature;
  std::string resource = c.host_name + "/devices/" + percent_encode(device);
  if (!module.empty()) resource += "/modules/" + percent_encode(module);
  const std::string key = own ? c.key : fetch_primary_key(target, device, module);
  return auth::make_sas(resource, key, unix_now() + ttl_seconds, "");
}

ClientResponse call_service(const Target& target, const std::string& method, const std::string& path,
                            const std::string& if_match, const std::string& body, int answer_timeout_ms) {
  ClientHeaders headers;
  if (!if_match.empty()) headers.emplace_back("If-Match", if_match);
  return call_service(target, method, path, std::move(headers), body, answer_timeout_ms);
}

ClientResponse call_service(const Target& target, const std::string& method, const std::string& path,
                            ClientHeaders headers, const std::string& body, int answer_timeout_ms) {
  headers.emplace_back("Authorization", service_token(target));
  headers.emplace_back("Request-Id", random_uuid());
  const std::string versioned = path + (path.find('?') == std::string::npos ? "?" : "&") + "api-version=" + kApiVersion;
  HttpClient client(target.https);
  ClientResponse response = client.request(method, versioned, headers, body, answer_timeout_ms);
  if (response.status / 100 != 2) throw std::runtime_error(service_message(response));
  return response;
}

}  // namespace nave::app
