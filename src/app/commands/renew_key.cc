// nave device renew-key, nave module renew-key.
#include <algorithm>
#include <iostream>
#include <stdexcept>

#include "app/commands/commands.h"
#include "app/commands/identity.h"
#include "app/commands/output.h"
#include "json/write.h"

namespace nave::app {
namespace {

constexpr size_t kRequestItems = 100;

std::vector<std::pair<std::string, std::string>> named(const RenewKeyOptions& o) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& device : o.devices) {
    if (o.modules.empty()) out.emplace_back(device, "");
    for (const std::string& module : o.modules) out.emplace_back(device, module);
  }
  return out;
}

// Renewed keys and errors of all requests as one answer.
void append(json::Object& all, const json::Value& answer) {
  for (const char* name : {"errors", "rotatedKeys"}) {
    const json::Value* more = answer.if_object() != nullptr ? answer.if_object()->find(name) : nullptr;
    if (more == nullptr || more->if_array() == nullptr) continue;
    json::Array& list = *all.find(name)->if_array();
    list.insert(list.end(), more->if_array()->begin(), more->if_array()->end());
  }
}

void renew(const RenewKeyOptions& o, const Target& target) {
  const auto identities = named(o);
  json::Object all;
  all.append("policyKey", o.key_type == "both" ? o.key_type : o.key_type + "Key");
  all.append("errors", json::Array());
  all.append("rotatedKeys", json::Array());
  for (size_t first = 0; first < identities.size(); first += kRequestItems) {
    json::Array devices;
    for (size_t i = first; i < std::min(identities.size(), first + kRequestItems); ++i) {
      json::Object item;
      item.append("id", identities[i].first);
      if (!identities[i].second.empty()) item.append("moduleId", identities[i].second);
      devices.emplace_back(std::move(item));
    }
    json::Object body;
    body.append("policyKey", *all.find("policyKey"));
    body.append("devices", std::move(devices));
    append(all, answer_json(call_service(target, "POST", "/devices/keys/regenerate", "", json::to_text(body))));
  }
  const size_t failed = all.find("errors")->if_array()->size();
  std::cout << shown(o.output == "table" ? *all.find("rotatedKeys") : json::Value(std::move(all)), o.output);
  if (failed != 0) throw std::runtime_error(std::to_string(failed) + " of the identities kept their keys");
}

void swap(const RenewKeyOptions& o, const Target& target) {
  json::Array out;
  for (const auto& [device, module] : named(o)) {
    const std::string path = identity_path(device, module);
    const ClientResponse read = call_service(target, "GET", path, "", "");
    json::Value identity = answer_json(read);
    json::Value* const authentication = identity.if_object()->find("authentication");
    json::Value* const keys = authentication->if_object()->find("symmetricKey");
    if (text_at(*keys, {"primaryKey"}).empty()) throw std::runtime_error(path + " has no symmetric keys");
    std::swap(*keys->if_object()->find("primaryKey"), *keys->if_object()->find("secondaryKey"));
    const std::string if_match = '"' + etag_of(read) + '"';
    out.push_back(answer_json(call_service(target, "PUT", path, if_match, json::to_text(identity))));
  }
  std::cout << shown(out.size() == 1 ? out.front() : json::Value(std::move(out)), o.output);
}

}  // namespace

void renew_key(const RenewKeyOptions& o) {
  const Target target = resolve_target(o.target);
  if (o.key_type == "swap") {
    swap(o, target);
  } else {
    renew(o, target);
  }
}

}  // namespace nave::app
