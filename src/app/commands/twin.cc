#include <iostream>
#include <stdexcept>

#include "app/commands/commands.h"
#include "app/commands/output.h"
#include "base/url.h"
#include "json/parse.h"
#include "json/write.h"

namespace nave::app {
namespace {

std::string twin_path(const TwinOptions& o) {
  const std::string device = "/twins/" + percent_encode(o.device);
  return o.module.empty() ? device : device + "/modules/" + percent_encode(o.module);
}

void print(const ClientResponse& response, const std::string& output) {
  const auto twin = json::parse(response.body, {.bytes_max = size_t{64} << 20});
  if (!twin) throw std::runtime_error("the hub's answer is not JSON");
  std::cout << shown(*twin, output);
}

json::Object parse_object(const char* flag, const std::string& text) {
  auto value = json::parse(argument_text(text));
  if (!value) throw std::runtime_error(std::string(flag) + ": " + value.error().message());
  if (value->if_object() == nullptr) throw std::runtime_error(std::string(flag) + " must be a JSON object");
  return std::move(*value->if_object());
}

void write(const TwinOptions& o, const char* method, const json::Object& body) {
  const std::string if_match = o.etag.empty() ? "\"*\"" : '"' + o.etag + '"';
  print(call_service(resolve_target(o.target), method, twin_path(o), if_match, json::to_text(body)), o.output);
}

}  // namespace

void twin_show(const TwinOptions& o) {
  print(call_service(resolve_target(o.target), "GET", twin_path(o), "", ""), o.output);
}

void twin_update(const TwinOptions& o) {
  if (o.tags.empty() && o.desired.empty()) throw std::runtime_error("give --tags or --desired");
  json::Object body;
  if (!o.tags.empty()) body.append("tags", parse_object("--tags", o.tags));
  if (!o.desired.empty()) {
    json::Object properties;
    properties.append("desired", parse_object("--desired", o.desired));
    body.append("properties", std::move(properties));
  }
  write(o, "PATCH", body);
}

void twin_replace(const TwinOptions& o) {
  write(o, "PUT", parse_object("--json", o.document));
}

}  // namespace nave::app
