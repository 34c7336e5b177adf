// nave device parent, nave device children: which edge device stands between a device and the hub
// (reference/service-rest.md §6.5).
#include <algorithm>
#include <iostream>
#include <stdexcept>

#include "app/commands/commands.h"
#include "app/commands/identity.h"
#include "app/commands/output.h"
#include "json/write.h"

namespace nave::app {
namespace {

constexpr std::string_view kPrefix = "ms-azure-iot-edge://";

json::Value read_device(const Target& target, const std::string& device) {
  return answer_json(call_service(target, "GET", identity_path(device), "", ""));
}

bool is_edge(const json::Value& device) {
  const json::Value* const capabilities = device.if_object()->find("capabilities");
  const json::Value* const edge = capabilities != nullptr ? capabilities->if_object()->find("iotEdge") : nullptr;
  return edge != nullptr && edge->if_bool() != nullptr && *edge->if_bool();
}

// "" without a parent.
std::string parent_scope(const json::Value& device) {
  const json::Value* const scopes = device.if_object()->find("parentScopes");
  const json::Array* const array = scopes != nullptr ? scopes->if_array() : nullptr;
  return array == nullptr || array->empty() || array->front().if_string() == nullptr ? "" : *array->front().if_string();
}

std::string edge_scope(const Target& target, const std::string& device) {
  const json::Value edge = read_device(target, device);
  if (!is_edge(edge)) throw std::runtime_error(device + " is not an edge device");
  return text_at(edge, {"deviceScope"});
}

// `scope` "" detaches.
void write_parent(const Target& target, json::Value device, const std::string& scope) {
  json::Object& body = *device.if_object();
  body.set("parentScopes", scope.empty() ? json::Array() : json::Array{scope});
  if (!is_edge(device)) body.set("deviceScope", scope);
  const std::string if_match = '"' + text_at(device, {"etag"}) + '"';
  (void)call_service(target, "PUT", identity_path(text_at(device, {"deviceId"})), if_match, json::to_text(device));
}

void adopt(const Target& target, const std::string& child, const std::string& scope, bool force) {
  json::Value device = read_device(target, child);
  const std::string before = parent_scope(device);
  if (before == scope) return;
  if (!before.empty() && !force) throw std::runtime_error(child + " has another parent already; --force replaces it");
  write_parent(target, std::move(device), scope);
}

std::vector<std::string> children_of(const Target& target, const std::string& scope) {
  std::vector<std::string> out;
  std::string continuation;
  do {
    json::Object body;
    body.append("query", "SELECT deviceId FROM devices WHERE array_contains(parentScopes, '" + scope + "')");
    ClientHeaders headers = {{"x-ms-max-item-count", "1000"}};
    if (!continuation.empty()) headers.emplace_back("x-ms-continuation", continuation);
    const ClientResponse page = call_service(target, "POST", "/devices/query", headers, json::to_text(body));
    const json::Value rows = answer_json(page);
    if (rows.if_array() == nullptr) throw std::runtime_error("the hub's answer is not a JSON array");
    for (const json::Value& row : *rows.if_array()) out.push_back(text_at(row, {"deviceId"}));
    const auto next = page.headers.find("x-ms-continuation");
    continuation = next == page.headers.end() ? "" : next->second;
  } while (!continuation.empty());
  return out;
}

}  // namespace

void parent_set(const FamilyOptions& o) {
  const Target target = resolve_target(o.target);
  adopt(target, o.device, edge_scope(target, o.parent), o.force);
}

void parent_show(const FamilyOptions& o) {
  const Target target = resolve_target(o.target);
  const std::string scope = parent_scope(read_device(target, o.device));
  const size_t dash = scope.rfind('-');
  if (!scope.starts_with(kPrefix) || dash <= kPrefix.size()) throw std::runtime_error(o.device + " has no parent");
  const std::string parent = scope.substr(kPrefix.size(), dash - kPrefix.size());
  std::cout << shown(read_device(target, parent), o.output,
                     {{"Device", "deviceId"}, {"Status", "status"}, {"Connection", "connectionState"}});
}

void children_add(const FamilyOptions& o) {
  const Target target = resolve_target(o.target);
  const std::string scope = edge_scope(target, o.device);
  for (const std::string& child : o.children) adopt(target, child, scope, o.force);
}

void children_remove(const FamilyOptions& o) {
  if (o.children.empty() && !o.all) throw std::runtime_error("give --child-list or --remove-all");
  const Target target = resolve_target(o.target);
  const std::string scope = edge_scope(target, o.device);
  for (const std::string& child : o.all ? children_of(target, scope) : o.children) {
    json::Value device = read_device(target, child);
    if (parent_scope(device) != scope) throw std::runtime_error(child + " is no child of " + o.device);
    write_parent(target, std::move(device), "");
  }
}

void children_list(const FamilyOptions& o) {
  const Target target = resolve_target(o.target);
  json::Array out;
  for (std::string& child : children_of(target, edge_scope(target, o.device))) {
    json::Object row;
    row.append("deviceId", std::move(child));
    out.emplace_back(std::move(row));
  }
  std::cout << shown(std::move(out), o.output);
}

}  // namespace nave::app
