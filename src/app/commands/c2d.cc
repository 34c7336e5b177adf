// nave c2d: back end and device in one verb, both over HTTPS (reference/service-rest.md §16, device-mqtt-https.md
// §8.3).
#include <iostream>

#include "app/commands/commands.h"
#include "app/commands/output.h"
#include "app/commands/property_list.h"
#include "base/base64.h"
#include "base/time.h"
#include "base/url.h"
#include "json/write.h"

namespace nave::app {
namespace {

std::string identity_path(const C2dOptions& o) {
  const std::string device = "/devices/" + percent_encode(o.device);
  return o.module.empty() ? device : device + "/modules/" + percent_encode(o.module);
}

std::string queue_path(const C2dOptions& o) {
  return identity_path(o) + "/messages/deviceBound";
}

// Milliseconds since 1970, as `az iot` takes them, or a date.
std::string expiry_text(const std::string& text) {
  if (text.find_first_not_of("0123456789") != std::string::npos) return text;
  return format_iso8601_fixed(from_unix_ms(std::stoll(text)));
}

ClientHeaders send_headers(const C2dOptions& o) {
  ClientHeaders headers;
  const auto add = [&headers](const char* name, const std::string& value) {
    if (!value.empty()) headers.emplace_back(name, value);
  };
  add("iothub-messageid", o.message_id);
  add("iothub-correlationid", o.correlation_id);
  add("iothub-userid", o.user_id);
  add("iothub-ack", o.ack);
  add("iothub-expiry", o.expiry.empty() ? "" : expiry_text(o.expiry));
  add("iothub-contenttype", o.content_type);
  add("iothub-contentencoding", o.content_encoding);
  for (const auto& [name, value] : parse_property_list(o.properties)) headers.emplace_back("iothub-app-" + name, value);
  headers.emplace_back("Content-Type", "application/octet-stream");
  return headers;
}

json::Object shown(const ClientResponse& message) {
  static constexpr std::string_view kApplication = "iothub-app-";
  json::Object properties;
  json::Object application;
  for (const auto& [name, value] : message.headers) {
    if (name.starts_with(kApplication)) {
      application.append(name.substr(kApplication.size()), value);
    } else if (name.starts_with("iothub-")) {
      properties.append(name.substr(7), value);
    }
  }
  json::Object out;
  if (is_valid_utf8(message.body)) {
    out.append("data", message.body);
  } else {
    out.append("dataBase64", base64_encode(message.body));
  }
  out.append("lock", etag_of(message));
  out.append("properties", std::move(properties));
  out.append("applicationProperties", std::move(application));
  return out;
}

void settle(const C2dOptions& o, const std::string& how, const std::string& lock) {
  const std::string path = queue_path(o) + '/' + percent_encode(lock);
  const Target target = resolve_target(o.target);
  if (how == "abandon") {
    (void)call_service(target, "POST", path + "/abandon", "", "");
  } else {
    (void)call_service(target, "DELETE", path + (how == "reject" ? "?reject" : ""), "", "");
  }
}

}  // namespace

void c2d_send(const C2dOptions& o) {
  (void)call_service(resolve_target(o.target), "POST", queue_path(o), send_headers(o), argument_text(o.data));
}

void c2d_receive(const C2dOptions& o) {
  ClientHeaders headers;
  if (o.lock_timeout_s > 0) headers.emplace_back("iothub-messagelocktimeout", std::to_string(o.lock_timeout_s));
  const ClientResponse message = call_service(resolve_target(o.target), "GET", queue_path(o), headers, "");
  if (message.status == 204) return;
  const json::Object out = shown(message);
  std::cout << shown(out, o.output) << std::flush;
  if (o.settle != "none") settle(o, o.settle, *out.find("lock")->if_string());
}

void c2d_complete(const C2dOptions& o) {
  settle(o, "complete", o.lock);
}

void c2d_reject(const C2dOptions& o) {
  settle(o, "reject", o.lock);
}

void c2d_abandon(const C2dOptions& o) {
  settle(o, "abandon", o.lock);
}

void c2d_purge(const C2dOptions& o) {
  std::cout << call_service(resolve_target(o.target), "DELETE", identity_path(o) + "/commands", "", "").body << '\n';
}

}  // namespace nave::app
