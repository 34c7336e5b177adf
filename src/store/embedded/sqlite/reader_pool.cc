#include "store/embedded/sqlite/reader_pool.h"

#include "store/embedded/sqlite/command_reader.h"
#include "store/embedded/sqlite/configuration_rows.h"
#include "store/embedded/sqlite/damaged_row.h"
#include "store/embedded/sqlite/rows.h"
#include "store/embedded/sqlite/twin_record.h"

namespace nave::store::embedded {

using hub::Identity;

struct ReaderPool::Connection {
  explicit Connection(const std::string& path)
      : database(path),
        find(database,
             "SELECT " + std::string(kIdentityColumns) + " FROM identity WHERE device_id = ?1 AND module_id = ?2"),
        list_devices(database, "SELECT " + std::string(kIdentityColumns) +
                                   " FROM identity WHERE module_id = '' ORDER BY device_id LIMIT ?1"),
        list_modules(database, "SELECT " + std::string(kIdentityColumns) +
                                   " FROM identity WHERE device_id = ?1 AND module_id <> '' ORDER BY created"),
        session(database, "SELECT filters, qos1, checksum FROM mqtt_session WHERE device_id = ?1 AND module_id = ?2"),
        twin(database, "SELECT record FROM twin WHERE device_id = ?1 AND module_id = ?2"),
        policies(database, "SELECT name, rights, primary_key, secondary_key, checksum FROM policy ORDER BY position"),
        setting(database, "SELECT value, checksum FROM setting WHERE name = ?1"),
        commands(database),
        configurations(database) {
    database.execute_or_throw("PRAGMA query_only = ON; PRAGMA cell_size_check = ON");
  }

  std::mutex mutex;
  Database database;
  Statement find, list_devices, list_modules, session, twin, policies, setting;
  CommandReader commands;
  ConfigurationReader configurations;
};

namespace {

std::vector<Identity> read_identities(const Database& database, Rows rows) {
  std::vector<Identity> out;
  while (rows.next()) {
    if (std::optional<Identity> identity = read_identity(rows)) {
      out.push_back(std::move(*identity));
    } else {
      report_damaged_row(database, "identity",
                         IdentityKey{std::string(rows.text(0)), std::string(rows.text(1))}.text());
    }
  }
  return out;
}

}  // namespace

ReaderPool::ReaderPool(const std::string& path) {
  for (auto& c : connections_) c = std::make_unique<Connection>(path);
}

ReaderPool::~ReaderPool() = default;

ReaderPool::Lease ReaderPool::lease() {
  const size_t first = next_.fetch_add(1, std::memory_order_relaxed);
  for (size_t i = 0; i < kConnections; ++i) {
    Connection& c = *connections_[(first + i) % kConnections];
    if (std::unique_lock lock(c.mutex, std::try_to_lock); lock) return {c, std::move(lock)};
  }
  Connection& c = *connections_[first % kConnections];
  return {c, std::unique_lock(c.mutex)};
}

std::optional<Identity> ReaderPool::find(const IdentityKey& key) {
  const Lease l = lease();
  std::vector<Identity> found = read_identities(l.connection.database, l.connection.find.rows(key.device, key.module));
  if (found.empty()) return {};
  return std::move(found.front());
}

std::vector<Identity> ReaderPool::list_devices(size_t top) {
  const Lease l = lease();
  return read_identities(l.connection.database, l.connection.list_devices.rows(static_cast<int64_t>(top)));
}

std::vector<Identity> ReaderPool::list_modules(const std::string& device) {
  const Lease l = lease();
  return read_identities(l.connection.database, l.connection.list_modules.rows(device));
}

std::optional<hub::MqttSession> ReaderPool::session(const IdentityKey& key) {
  const Lease l = lease();
  Rows row = l.connection.session.rows(key.device, key.module);
  if (!row.next()) return {};
  const hub::MqttSession out{static_cast<uint32_t>(row.integer(0)), static_cast<uint32_t>(row.integer(1))};
  if (session_checksum(key, out) == row.integer(2)) return out;
  report_damaged_row(l.connection.database, "mqtt_session", key.text());
  return {};
}

Result<std::optional<hub::Twin>, hub::StoreError> ReaderPool::twin(const IdentityKey& key) {
  const Lease l = lease();
  Rows row = l.connection.twin.rows(key.device, key.module);
  if (!row.next()) {
    if (row.failed()) return fail(hub::StoreError::kUnavailable);
    return std::optional<hub::Twin>();
  }
  if (const auto twin = read_twin_record(key.device, key.module, row.blob(0))) return twin->to_twin();
  report_damaged_row(l.connection.database, "twin", key.text());
  return fail(hub::StoreError::kDamaged);
}

std::vector<auth::Policy> ReaderPool::policies() {
  const Lease l = lease();
  Rows rows = l.connection.policies.rows();
  std::vector<auth::Policy> out;
  while (rows.next()) {
    const auth::Policy policy{std::string(rows.text(0)), auth::Rights(static_cast<uint8_t>(rows.integer(1))),
                              std::string(rows.text(2)), std::string(rows.text(3))};
    if (policy_checksum(policy) == rows.integer(4)) {
      out.push_back(policy);
    } else {
      report_damaged_row(l.connection.database, "policy", policy.name);
    }
  }
  return out;
}

std::optional<std::string> ReaderPool::setting(const std::string& name) {
  const Lease l = lease();
  Rows row = l.connection.setting.rows(name);
  if (!row.next()) return {};
  std::string out(row.text(0));
  if (setting_checksum(name, out) == row.integer(1)) return out;
  report_damaged_row(l.connection.database, "setting", name);
  return {};
}

Result<std::vector<hub::Configuration>, hub::StoreError> ReaderPool::configurations() {
  const Lease l = lease();
  return l.connection.configurations.load();
}

std::vector<hub::CommandCount> ReaderPool::count_commands() {
  const Lease l = lease();
  return l.connection.commands.count();
}

Result<std::vector<hub::CommandHead>, hub::StoreError> ReaderPool::commands(const IdentityKey& key) {
  const Lease l = lease();
  return l.connection.commands.heads(key);
}

Result<std::string, hub::StoreError> ReaderPool::command_record(const IdentityKey& key, uint64_t sequence) {
  const Lease l = lease();
  return l.connection.commands.record(key, sequence);
}

std::vector<hub::ExpiredCommand> ReaderPool::expired_commands(UtcTime now, UtcTime after_expires,
                                                              uint64_t after_sequence, size_t top) {
  const Lease l = lease();
  return l.connection.commands.expired(now, after_expires, after_sequence, top);
}

size_t ReaderPool::count_feedback(UtcTime now) {
  const Lease l = lease();
  return l.connection.commands.count_feedback(now);
}

std::vector<hub::StoredFeedback> ReaderPool::feedback(uint64_t from, UtcTime now, size_t top) {
  const Lease l = lease();
  return l.connection.commands.feedback(from, now, top);
}

}  // namespace nave::store::embedded
