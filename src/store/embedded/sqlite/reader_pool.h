// Read connections with their statements prepared, shared by all threads. SQLite's write-ahead log lets them read while
// a commit runs, each call seeing everything that was committed before it began.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "hub/configuration/configuration.h"
#include "hub/ports.h"
#include "store/embedded/sqlite/database.h"

namespace nave::store::embedded {

// Thread-safe. A row whose checksum does not match is left out and reported to the log; so is a failed read.
class ReaderPool {
 public:
  // The file has the schema. Throws DatabaseError.
  explicit ReaderPool(const std::string& path);
  ~ReaderPool();

  [[nodiscard]] std::optional<hub::Identity> find(const IdentityKey& key);
  [[nodiscard]] std::vector<hub::Identity> list_devices(size_t top);
  [[nodiscard]] std::vector<hub::Identity> list_modules(const std::string& device);
  [[nodiscard]] std::optional<hub::MqttSession> session(const IdentityKey& key);
  // nullopt: there is no row. kDamaged: its checksum does not match. kUnavailable: the read failed.
  [[nodiscard]] Result<std::optional<hub::Twin>, hub::StoreError> twin(const IdentityKey& key);
  [[nodiscard]] std::vector<auth::Policy> policies();
  [[nodiscard]] std::optional<std::string> setting(const std::string& name);
  [[nodiscard]] Result<std::vector<hub::Configuration>, hub::StoreError> configurations();

  // As hub::CommandStore promises them.
  [[nodiscard]] std::vector<hub::CommandCount> count_commands();
  [[nodiscard]] Result<std::vector<hub::CommandHead>, hub::StoreError> commands(const IdentityKey& key);
  [[nodiscard]] Result<std::string, hub::StoreError> command_record(const IdentityKey& key, uint64_t sequence);
  [[nodiscard]] std::vector<hub::ExpiredCommand> expired_commands(UtcTime now, UtcTime after_expires,
                                                                  uint64_t after_sequence, size_t top);
  [[nodiscard]] size_t count_feedback(UtcTime now);
  [[nodiscard]] std::vector<hub::StoredFeedback> feedback(uint64_t from, UtcTime now, size_t top);

 private:
  struct Connection;
  // A connection and the lock on it.
  struct Lease {
    Connection& connection;
    std::unique_lock<std::mutex> lock;
  };
  [[nodiscard]] Lease lease();

  static constexpr size_t kConnections = 4;
  std::array<std::unique_ptr<Connection>, kConnections> connections_;
  std::atomic<size_t> next_{0};
};

}  // namespace nave::store::embedded
