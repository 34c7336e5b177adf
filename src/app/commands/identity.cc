#include "app/commands/identity.h"

#include <stdexcept>

#include "base/url.h"
#include "json/parse.h"

namespace nave::app {

std::string identity_path(const std::string& device, const std::string& module) {
  const std::string out = "/devices/" + percent_encode(device);
  return module.empty() ? out : out + "/modules/" + percent_encode(module);
}

json::Value answer_json(const ClientResponse& response) {
  auto value = json::parse(response.body, {.bytes_max = size_t{64} << 20});
  if (!value) throw std::runtime_error("the hub's answer is not JSON");
  return *std::move(value);
}

std::string text_at(const json::Value& value, std::initializer_list<const char*> path) {
  const json::Value* node = &value;
  for (const char* name : path) {
    node = node->if_object() != nullptr ? node->if_object()->find(name) : nullptr;
    if (node == nullptr) return "";
  }
  return node->if_string() != nullptr ? *node->if_string() : "";
}

}  // namespace nave::app
