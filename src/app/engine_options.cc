#include "app/engine_options.h"

#include <chrono>
#include <thread>
#include <utility>

#include "base/log.h"

namespace nave::app {
namespace {

size_t shard_count(const Config& config) {
  if (config.shards > 0) return config.shards;
  const unsigned processors = std::thread::hardware_concurrency();
  return processors > 1 ? processors - 1 : 1;
}

}  // namespace

net::RuntimeOptions runtime_options(const Config& config) {
  return {shard_count(config), config.connections_max, config.connections_per_address_max};
}

store::embedded::Durability durability_of(const Config& config) {
  using store::embedded::Durability;
  return config.durability == "relaxed" ? Durability::kRelaxed : Durability::kDurable;
}

store::embedded::LogOptions log_options(const Config& config, const std::string& directory,
                                        std::function<void()> on_failure) {
  store::embedded::LogOptions options;
  options.directory = directory;
  options.partition_count = config.partitions;
  options.retention_time = std::chrono::hours(config.retention_hours);
  options.retention_bytes = config.retention_bytes;
  options.durability = durability_of(config);
  options.on_failure = [on_failure = std::move(on_failure)](const std::string& why) {
    log::write(log::Level::kError, log::Category::kStorage, "the event log failed", {{"reason", why}});
    on_failure();
  };
  return options;
}

std::vector<hub::IndexedPath> indexes_of(const Config& config) {
  std::vector<hub::IndexedPath> out;
  for (const std::string& path : config.query_indexes) out.push_back(hub::parse_indexed_path(path).value());
  return out;
}

}  // namespace nave::app
