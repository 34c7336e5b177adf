// nave connection-string, nave sas
#include <chrono>
#include <iostream>
#include <stdexcept>

#include "app/commands/commands.h"
#include "app/config.h"
#include "app/data_folder.h"
#include "auth/sas_token.h"
#include "json/parse.h"

namespace nave::app {
namespace {

std::string find_named(const json::Value& info, const std::string& name) {
  const json::Object* object = info.if_object();
  if (object == nullptr) return "";
  const bool device = name == "device-to-try";
  const json::Value* group = object->find(device ? "device" : "connectionStrings");
  const json::Value* value = group != nullptr && group->if_object() != nullptr
                                 ? group->if_object()->find(device ? "connectionString" : name)
                                 : nullptr;
  return value != nullptr && value->if_string() != nullptr ? *value->if_string() : "";
}

}  // namespace

void print_connection_string(const ConnectionStringOptions& options) {
  const std::string folder = options.data.empty() ? default_data_folder() : options.data;
  const std::string file = DataFolder::connection_file(folder);
  if (!file_exists(file)) throw std::runtime_error("no hub was ever started with the data folder " + folder);
  const std::string content = read_file(file);
  if (options.name.empty()) {
    std::cout << content;
    return;
  }
  const auto info = json::parse(content);
  const std::string found = info ? find_named(*info, options.name) : "";
  if (found.empty()) throw std::runtime_error("there is no connection string named " + options.name);
  std::cout << found << '\n';
}

void print_sas(const SasOptions& options) {
  const Target target = resolve_target(options.target);
  const ConnectionString& c = target.connection;
  const std::string device = options.device.empty() ? c.device_id : options.device;
  if (!device.empty()) {
    const std::string module = options.device.empty() ? c.module_id : options.module;
    std::cout << device_token(target, device, module, options.ttl_seconds) << '\n';
    return;
  }
  const int64_t now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  std::cout << auth::make_sas(c.host_name, c.key, now + options.ttl_seconds, c.policy) << '\n';
}

}  // namespace nave::app
