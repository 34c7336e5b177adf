// Structured logging by the service's categories. One line per event: time, level, category, message, key=value fields.
// Secrets (keys, tokens, private keys) are never passed here. spdlog is hidden behind this header.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace nave::log {

enum class Level : uint8_t { kDebug, kInfo, kWarning, kError };

// Azure's diagnostic categories, and two of our own (kServer, kStorage).
enum class Category : uint8_t {
  kConnections,
  kDeviceTelemetry,
  kC2DCommands,
  kDeviceIdentityOperations,
  kFileUploadOperations,
  kRoutes,
  kD2CTwinOperations,
  kC2DTwinOperations,
  kTwinQueries,
  kJobsOperations,
  kDirectMethods,
  kConfigurations,
  kDistributedTracing,
  kDeviceStreams,
  kServer,
  kStorage,
};

struct Field {
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  Field(std::string_view k, int64_t v) : key(k), value(std::to_string(v)) {}
  Field(std::string_view k, int v) : key(k), value(std::to_string(v)) {}
  Field(std::string_view k, uint64_t v) : key(k), value(std::to_string(v)) {}
  Field(std::string_view k, unsigned v) : key(k), value(std::to_string(v)) {}
  std::string_view key;
  std::string value;
};

// Thread-safe. Values are escaped, so a peer's bytes cannot forge a line.
void write(Level level, Category category, std::string_view message, std::initializer_list<Field> fields = {});

// As write(), but at most one line per second for each `site` (a short constant naming the cause); the next line that
// passes says how many were held back. For everything that a remote peer can cause.
void write_limited(Level level, Category category, std::string_view site, std::string_view message,
                   std::initializer_list<Field> fields = {});

// Before the first line; the default is kInfo to standard error.
void set_level(Level level);
void set_file(const std::string& path);

}  // namespace nave::log
