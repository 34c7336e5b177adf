#include <algorithm>
#include <iostream>
#include <optional>
#include <stdexcept>

#include "app/commands/commands.h"
#include "app/commands/output.h"
#include "base/url.h"
#include "json/parse.h"
#include "json/write.h"

namespace nave::app {
namespace {

using json::Object;
using json::Value;

constexpr size_t kAnswerBytesMax = size_t{256} << 20;

const Columns kColumns = {{"Id", "id"},
                          {"Priority", "priority"},
                          {"TargetCondition", "targetCondition"},
                          {"Created", "createdTimeUtc"},
                          {"ETag", "etag"}};

Value parse_answer(const ClientResponse& response) {
  auto value = json::parse(response.body, {.bytes_max = kAnswerBytesMax});
  if (!value) throw std::runtime_error("the hub's answer is not JSON");
  return std::move(*value);
}

Object parse_object(const char* flag, const std::string& text) {
  auto value = json::parse(argument_text(text));
  if (!value) throw std::runtime_error(std::string(flag) + ": " + value.error().message());
  if (value->if_object() == nullptr) throw std::runtime_error(std::string(flag) + " must be a JSON object");
  return std::move(*value->if_object());
}

void print(const Value& value, const std::string& output, const Columns& columns = kColumns) {
  std::cout << shown(value, output, columns);
}

// The service knows ids in lower case only, so `az` writes them so.
std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

std::string path_of(const ConfigurationOptions& o) {
  return "/configurations/" + percent_encode(lower(o.id));
}

// What stands under `name`, or all of it: files often hold the whole of what was shown.
Object unwrapped(Object object, const char* name) {
  Value* const inner = object.find(name);
  if (inner == nullptr || inner->if_object() == nullptr) return object;
  Object out = std::move(*inner->if_object());
  return out;
}

// Modules were written under moduleContent once.
Object edge_content(const std::string& text) {
  Object content = unwrapped(parse_object("--content", text), "content");
  for (const char* name : {"modulesContent", "moduleContent"}) {
    Value* const modules = content.find(name);
    if (modules == nullptr || modules->is_null()) continue;
    Object out;
    out.append("modulesContent", std::move(*modules));
    return out;
  }
  throw std::runtime_error("--content has no modulesContent");
}

Value metrics_of(const std::string& text) {
  Object metrics = unwrapped(parse_object("--metrics", text), "metrics");
  if (metrics.find("queries") != nullptr) return metrics;
  Object out;
  out.append("queries", std::move(metrics));
  return out;
}

void create(const ConfigurationOptions& o, Object content, const char* schema_version) {
  Object body;
  body.append("id", lower(o.id));
  body.append("schemaVersion", schema_version);
  body.append("content", std::move(content));
  body.append("targetCondition", o.condition);
  body.append("priority", o.priority);
  if (!o.labels.empty()) body.append("labels", parse_object("--labels", o.labels));
  if (!o.metrics.empty()) body.append("metrics", metrics_of(o.metrics));
  print(parse_answer(call_service(resolve_target(o.target), "PUT", path_of(o), "", json::to_text(body))), o.output);
}

bool is_deployment(const Value& configuration) {
  const Object* const object = configuration.if_object();
  const Value* const content = object == nullptr ? nullptr : object->find("content");
  return content != nullptr && content->if_object() != nullptr &&
         content->if_object()->find("modulesContent") != nullptr;
}

void list(const ConfigurationOptions& o, bool deployments) {
  const Value all = parse_answer(call_service(resolve_target(o.target), "GET", "/configurations", "", ""));
  json::Array out;
  for (const Value& v : *all.if_array()) {
    if (is_deployment(v) == deployments && (o.top == 0 || out.size() < o.top)) out.push_back(v);
  }
  print(Value(std::move(out)), o.output);
}

std::string metric_query(const Value& configuration, const ConfigurationOptions& o) {
  const Value* at = &configuration;
  for (const std::string& name : {o.metric_type == "system" ? std::string("systemMetrics") : std::string("metrics"),
                                  std::string("queries"), o.metric}) {
    at = at->if_object() == nullptr ? nullptr : at->if_object()->find(name);
    if (at == nullptr) throw std::runtime_error("there is no " + o.metric_type + " metric " + o.metric);
  }
  return at->if_string() == nullptr ? "" : *at->if_string();
}

}  // namespace

void configuration_create(const ConfigurationOptions& o) {
  create(o, unwrapped(parse_object("--content", o.content), "content"), "2.0");
}

void deployment_create(const ConfigurationOptions& o) {
  Object content = edge_content(o.content);
  if (!o.layered) {
    const Object* const modules = content.find("modulesContent")->if_object();
    const Value* const agent = modules == nullptr ? nullptr : modules->find("$edgeAgent");
    const bool whole =
        agent != nullptr && agent->if_object() != nullptr && agent->if_object()->find("properties.desired") != nullptr;
    if (!whole) throw std::runtime_error("$edgeAgent has no properties.desired; with --layered it needs none");
  }
  create(o, std::move(content), "2.0");
}

void configuration_show(const ConfigurationOptions& o) {
  print(parse_answer(call_service(resolve_target(o.target), "GET", path_of(o), "", "")), o.output);
}

void configuration_list(const ConfigurationOptions& o) {
  list(o, false);
}

void deployment_list(const ConfigurationOptions& o) {
  list(o, true);
}

void configuration_update(const ConfigurationOptions& o) {
  if (!o.has_condition && !o.has_priority && o.labels.empty() && o.metrics.empty()) {
    throw std::runtime_error("give --target-condition, --priority, --labels or --metrics");
  }
  const Target target = resolve_target(o.target);
  const ClientResponse current = call_service(target, "GET", path_of(o), "", "");
  Value body = parse_answer(current);
  Object& configuration = *body.if_object();
  if (o.has_condition) configuration.set("targetCondition", o.condition);
  if (o.has_priority) configuration.set("priority", o.priority);
  if (!o.labels.empty()) configuration.set("labels", parse_object("--labels", o.labels));
  if (!o.metrics.empty()) configuration.set("metrics", metrics_of(o.metrics));
  const std::string etag = o.etag.empty() ? etag_of(current) : o.etag;
  print(parse_answer(call_service(target, "PUT", path_of(o), '"' + etag + '"', json::to_text(body))), o.output);
}

void configuration_delete(const ConfigurationOptions& o) {
  const std::string if_match = o.etag.empty() ? "*" : '"' + o.etag + '"';
  (void)call_service(resolve_target(o.target), "DELETE", path_of(o), if_match, "");
}

void configuration_show_metric(const ConfigurationOptions& o) {
  const Target target = resolve_target(o.target);
  const std::string query = metric_query(parse_answer(call_service(target, "GET", path_of(o), "", "")), o);
  if (query.empty()) {
    print(Value(json::Array()), o.output);
    return;
  }
  QueryOptions q;
  q.target = o.target;
  q.query = query;
  run_query(q);
}

void edge_set_modules(const ConfigurationOptions& o) {
  const Target target = resolve_target(o.target);
  const std::string device = "/devices/" + percent_encode(o.device);
  const std::string content = json::to_text(edge_content(o.content));
  (void)call_service(target, "POST", device + "/applyConfigurationContent", "", content);
  const Columns columns = {{"Device", "deviceId"}, {"Module", "moduleId"}, {"ManagedBy", "managedBy"}};
  print(parse_answer(call_service(target, "GET", device + "/modules", "", "")), o.output, columns);
}

}  // namespace nave::app
