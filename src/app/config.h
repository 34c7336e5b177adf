// What an operator can set: flags win over the TOML file, the file over the defaults. docs/operations/configuration.md
// is the manual of the same fields.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hub/c2d/service.h"
#include "hub/job/limits.h"

namespace nave::app {

struct Config {
  std::string data;       // folder; empty: default_data_folder()
  std::string host_name;  // empty: what the data folder was created with, or kDefaultHostName
  std::string bind;       // empty: loopback if the host name is a loopback address, else every address
  std::vector<std::string> aliases;
  uint16_t mqtt_port = 8883;
  uint16_t amqp_port = 5671;
  uint16_t https_port = 443;
  bool https_port_given = false;  // then a missing permission for 443 is an error, not a fall-back
  int metrics_port = -1;          // plain HTTP on loopback; −1: off, 0: a free one
  std::string ready_file;
  bool memory = false;
  unsigned shards = 0;  // 0: processors − 1, at least 1
  uint16_t partitions = 4;
  std::vector<std::string> consumer_groups;  // besides $Default
  unsigned retention_hours = 24;
  uint64_t retention_bytes = uint64_t{10} << 30;
  bool fault_injection = false;  // obey devices that ask to be cut off (docs/operations/fault-injection.md)
  hub::C2dService::Options c2d;
  std::vector<std::string> query_indexes;  // paths of twin values, as queries spell them
  hub::JobOptions jobs;
  unsigned connections_max = 0;  // 0: limits.h
  unsigned connections_per_address_max = 0;
  std::string durability = "durable";  // or relaxed
  std::string log_level = "info";
  std::string log_file;
};

// Has dots (several SDKs cut the host name at the first one), needs no hosts file, and is an IP name of the
// certificate.
inline constexpr const char* kDefaultHostName = "127.0.0.1";
inline constexpr uint16_t kHttpsFallbackPort = 8443;

// $XDG_DATA_HOME/nave, else ~/.local/share/nave.
[[nodiscard]] std::string default_data_folder();

// Reads a TOML file over `config`. Throws std::runtime_error naming file, line and key: unknown keys, wrong types and
// values out of range are errors, so that a misspelt setting is never silently ignored.
void load_toml(const std::string& path, Config& config);

// Fills what is derived (data, bind) and checks the whole. Throws std::runtime_error with one clear line.
void finish(Config& config);

}  // namespace nave::app
