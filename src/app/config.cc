#include "app/config.h"

#include <array>
#include <cstdlib>
#include <functional>
#include <limits>
#include <map>
#include <stdexcept>

#define TOML_HEADER_ONLY 0
#define TOML_IMPLEMENTATION
#include <toml++/toml.h>

#include "base/limits.h"
#include "hub/query/limits.h"
#include "hub/query/scan.h"

namespace nave::app {
namespace {

std::string where(const std::string& path, const toml::node& node) {
  return path + ":" + std::to_string(node.source().begin.line) + ": ";
}

template <class T>
std::function<void(const toml::node&)> integer(T& target, int64_t min, int64_t max) {
  return [&target, min, max](const toml::node& node) {
    const auto value = node.value_exact<int64_t>();
    if (!value || *value < min || *value > max) {
      throw std::runtime_error("wants a whole number from " + std::to_string(min) + " to " + std::to_string(max));
    }
    target = static_cast<T>(*value);
  };
}

std::function<void(const toml::node&)> seconds(int64_t& target_ms, int64_t min, int64_t max) {
  return [&target_ms, set = integer(target_ms, min, max)](const toml::node& node) {
    set(node);
    target_ms *= 1000;
  };
}

std::function<void(const toml::node&)> text(std::string& target) {
  return [&target](const toml::node& node) {
    const auto value = node.value_exact<std::string>();
    if (!value) throw std::runtime_error("wants a string");
    target = *value;
  };
}

std::function<void(const toml::node&)> boolean(bool& target) {
  return [&target](const toml::node& node) {
    const auto value = node.value_exact<bool>();
    if (!value) throw std::runtime_error("wants true or false");
    target = *value;
  };
}

std::function<void(const toml::node&)> texts(std::vector<std::string>& target) {
  return [&target](const toml::node& node) {
    const toml::array* array = node.as_array();
    if (array == nullptr) throw std::runtime_error("wants an array of strings");
    target.clear();
    for (const toml::node& item : *array) {
      const auto value = item.value_exact<std::string>();
      if (!value) throw std::runtime_error("wants an array of strings");
      target.push_back(*value);
    }
  };
}

using Setters = std::map<std::string, std::function<void(const toml::node&)>>;

Setters setters(Config& c) {
  constexpr int64_t kU32 = std::numeric_limits<uint32_t>::max();
  Setters s;
  s["data"] = text(c.data);
  s["host_name"] = text(c.host_name);
  s["bind"] = text(c.bind);
  s["aliases"] = texts(c.aliases);
  s["fault_injection"] = boolean(c.fault_injection);
  s["shards"] = integer(c.shards, 0, 256);
  s["ports.mqtt"] = integer(c.mqtt_port, 0, 65535);
  s["ports.amqp"] = integer(c.amqp_port, 0, 65535);
  s["ports.https"] = [&c](const toml::node& node) {
    integer(c.https_port, 0, 65535)(node);
    c.https_port_given = true;
  };
  s["ports.metrics"] = integer(c.metrics_port, -1, 65535);
  s["event_log.partitions"] = integer(c.partitions, 1, 128);
  s["event_log.consumer_groups"] = texts(c.consumer_groups);
  s["event_log.retention_hours"] = integer(c.retention_hours, 1, 24 * 365);
  s["event_log.retention_bytes"] = integer(c.retention_bytes, int64_t{256} << 20, std::numeric_limits<int64_t>::max());
  constexpr int64_t kTwoDays = 2 * 24 * 3600;
  s["cloud_to_device.queue_depth"] = integer(c.c2d.queue_depth, 1, int64_t{limits::kC2dQueueDepthMax});
  s["cloud_to_device.ttl_seconds"] = seconds(c.c2d.ttl_ms, 60, kTwoDays);
  s["cloud_to_device.max_delivery_count"] = integer(c.c2d.max_delivery_count, 1, 100);
  s["cloud_to_device.feedback.ttl_seconds"] = seconds(c.c2d.feedback.ttl_ms, 60, kTwoDays);
  s["cloud_to_device.feedback.lock_seconds"] = seconds(c.c2d.feedback.lock_ms, 5, 300);
  s["cloud_to_device.feedback.max_delivery_count"] = integer(c.c2d.feedback.max_delivery_count, 1, 100);
  s["queries.indexes"] = texts(c.query_indexes);
  s["jobs.active"] = integer(c.jobs.active_max, 1, int64_t{hub::kJobActiveMax});
  s["jobs.operations_per_second"] = integer(c.jobs.operations_per_second, 0, 1'000'000);
  s["jobs.calls"] = integer(c.jobs.calls_max, 1, int64_t{hub::kJobCallsMax});
  s["limits.connections"] = integer(c.connections_max, 1, kU32);
  s["limits.connections_per_address"] = integer(c.connections_per_address_max, 1, kU32);
  s["durability"] = text(c.durability);
  s["log.level"] = text(c.log_level);
  s["log.file"] = text(c.log_file);
  return s;
}

void apply(const std::string& path, const std::string& prefix, const toml::table& table, const Setters& known) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    if (const toml::table* inner = node.as_table()) {
      apply(path, name + ".", *inner, known);
      continue;
    }
    const auto it = known.find(name);
    if (it == known.end()) throw std::runtime_error(where(path, node) + "unknown setting '" + name + "'");
    try {
      it->second(node);
    } catch (const std::runtime_error& e) {
      throw std::runtime_error(where(path, node) + name + " " + e.what());
    }
  }
}

bool is_loopback_name(const std::string& host) {
  return host.starts_with("127.") || host == "::1" || host == "localhost" || host.ends_with(".localhost");
}

}  // namespace

std::string default_data_folder() {
  if (const char* xdg = std::getenv("XDG_DATA_HOME"); xdg != nullptr && *xdg != '\0') return std::string(xdg) + "/nave";
  const char* home = std::getenv("HOME");
  return std::string(home != nullptr && *home != '\0' ? home : ".") + "/.local/share/nave";
}

void load_toml(const std::string& path, Config& config) {
  try {
    const toml::table table = toml::parse_file(path);
    apply(path, "", table, setters(config));
  } catch (const toml::parse_error& e) {
    throw std::runtime_error(path + ":" + std::to_string(e.source().begin.line) + ": " + std::string(e.description()));
  }
}

void finish(Config& config) {
  if (config.data.empty()) config.data = default_data_folder();
  if (config.bind.empty() && is_loopback_name(config.host_name.empty() ? kDefaultHostName : config.host_name)) {
    // A name that only this machine can reach: a device of the same name answers on that very address.
    config.bind = config.host_name.starts_with("127.") ? config.host_name : "127.0.0.1";
  }
  static constexpr std::array<const char*, 4> kLevels = {"debug", "info", "warning", "error"};
  bool known = false;
  for (const char* level : kLevels) known = known || config.log_level == level;
  if (!known) throw std::runtime_error("log level must be debug, info, warning or error");
  if (config.durability != "durable" && config.durability != "relaxed")
    throw std::runtime_error("durability must be durable or relaxed");
  if (config.query_indexes.size() > hub::kQueryIndexesMax) {
    throw std::runtime_error("queries.indexes has more than " + std::to_string(hub::kQueryIndexesMax) + " paths");
  }
  for (const std::string& path : config.query_indexes) {
    if (!hub::parse_indexed_path(path)) {
      throw std::runtime_error("queries.indexes: '" + path +
                               "' is no path of a value inside tags, properties.desired " + "or properties.reported");
    }
  }
  if (config.connections_max == 0) config.connections_max = limits::kConnectionsMax;
  if (config.connections_per_address_max == 0) config.connections_per_address_max = limits::kConnectionsPerAddressMax;
}

}  // namespace nave::app
