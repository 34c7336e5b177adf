#include "app/commands/storage.h"

#include <chrono>
#include <iostream>
#include <stdexcept>

#include "app/commands/commands.h"
#include "app/config.h"
#include "app/data_folder.h"
#include "base/url.h"
#include "hub/blob/blob.h"
#include "json/parse.h"

namespace nave::app {
namespace {

json::Value local_info(const std::string& data) {
  const std::string folder = data.empty() ? default_data_folder() : data;
  const std::string file = DataFolder::connection_file(folder);
  if (!file_exists(file)) throw std::runtime_error("no hub was ever started with the data folder " + folder);
  auto info = json::parse(read_file(file));
  if (!info || info->if_object() == nullptr)
    throw std::runtime_error(file + " is damaged; start the hub to write it anew");
  return *std::move(info);
}

std::string text_of(const json::Value* value) {
  return value != nullptr && value->if_string() != nullptr ? *value->if_string() : "";
}

std::string storage_string(const json::Value& info) {
  const json::Value* strings = info.if_object()->find("connectionStrings");
  const std::string out =
      strings != nullptr && strings->if_object() != nullptr ? text_of(strings->if_object()->find("storage")) : "";
  if (out.empty()) throw std::runtime_error("the hub has no blob storage; start it to make one");
  return out;
}

std::string field(const std::string& text, const std::string& name) {
  const size_t at = (";" + text).find(";" + name + "=");
  if (at == std::string::npos) return "";
  const size_t begin = at + name.size() + 1;
  return text.substr(begin, text.find(';', begin) - begin);
}

}  // namespace

LocalStorage local_storage(const std::string& data) {
  const json::Value info = local_info(data);
  const std::string text = storage_string(info);
  return {{field(text, "AccountName"), field(text, "AccountKey")},
          field(text, "BlobEndpoint"),
          text_of(info.if_object()->find("caFile"))};
}

std::string container_address(const LocalStorage& storage, const auth::BlobResource& resource,
                              const std::string& permissions, int64_t ttl_seconds) {
  const UtcTime expires =
      std::chrono::time_point_cast<Ticks>(std::chrono::system_clock::now()) + std::chrono::seconds(ttl_seconds);
  std::string out = storage.endpoint + "/" + resource.container;
  if (!resource.blob.empty()) out += "/" + percent_encode(resource.blob);
  return out + "?" + auth::make_blob_sas(storage.account, resource, permissions, expires);
}

void storage_connection_string_command(const StorageOptions& o) {
  std::cout << storage_string(local_info(o.data)) << '\n';
}

void storage_sas(const StorageOptions& o) {
  if (!hub::is_container_name(o.container)) {
    throw std::runtime_error("a container's name has 3 to 63 of a-z, 0-9 and single dashes inside");
  }
  if (o.permissions.find_first_not_of("racwdl") != std::string::npos) {
    throw std::runtime_error("permissions are some of r, a, c, w, d and l");
  }
  // The order is part of what storage SDKs sign.
  std::string ordered;
  for (const char c : {'r', 'a', 'c', 'w', 'd', 'l'}) {
    if (o.permissions.find(c) != std::string::npos) ordered += c;
  }
  std::cout << container_address(local_storage(o.data), {o.container, o.blob}, ordered, o.ttl_seconds) << '\n';
}

}  // namespace nave::app
