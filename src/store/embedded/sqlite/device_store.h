// The embedded DeviceStore, TwinStore and CommandStore: one SQLite file (docs/formats/state-db.md), one writer thread
// with group commit, readers on their own connections behind a cache of identities.
#pragma once

#include <string>

#include "base/limits.h"
#include "base/metrics.h"
#include "hub/configuration/store.h"
#include "hub/ports.h"
#include "hub/query/scan.h"
#include "store/embedded/durability.h"
#include "store/embedded/sqlite/identity_cache.h"
#include "store/embedded/sqlite/job_store.h"
#include "store/embedded/sqlite/reader_pool.h"
#include "store/embedded/sqlite/state_committer.h"
#include "store/embedded/sqlite/twin_scanner.h"

namespace nave::store::embedded {

class SqliteDeviceStore final : public hub::DeviceStore,
                                public hub::TwinStore,
                                public hub::CommandStore,
                                public hub::TwinScan,
                                public hub::ConfigurationStore {
 public:
  struct Options {
    std::string path;  // the folder exists
    uint64_t identities_max = limits::kIdentitiesMax;
    size_t cached_identities = 65'536;
    int64_t activity_flush_ms = 5000;
    Durability durability = Durability::kDurable;
    std::vector<hub::IndexedPath> indexes = {};  // over values of twins
  };

  // Throws DatabaseError, one line with file and reason. Creates the file if there is none. One process at a time: the
  // caller holds the lock of the data folder.
  SqliteDeviceStore(const Options& options, Metrics& metrics);
  // Commits and answers what was given to it. Executors of pending replies are still there.
  ~SqliteDeviceStore() override = default;

  [[nodiscard]] std::optional<hub::Identity> find(const IdentityKey& key) const override;
  [[nodiscard]] std::vector<hub::Identity> list_devices(size_t top) const override;
  [[nodiscard]] std::vector<hub::Identity> list_modules(const std::string& device) const override;
  [[nodiscard]] Counts counts() const override;
  void apply(std::vector<hub::IdentityWrite> writes, Executor& reply_on, hub::StoreReply reply) override;
  void note_activity(const IdentityKey& key, UtcTime connection_state_updated, UtcTime last_activity) override;
  [[nodiscard]] std::optional<hub::MqttSession> load_mqtt_session(const IdentityKey& key) const override;
  void save_mqtt_session(const IdentityKey& key, std::optional<hub::MqttSession> session, Executor& reply_on,
                         hub::StoreReply reply) override;
  [[nodiscard]] std::vector<auth::Policy> load_policies() const override;
  void save_policies(std::vector<auth::Policy> policies, Executor& reply_on, hub::StoreReply reply) override;
  [[nodiscard]] std::optional<std::string> load_setting(const std::string& name) const override;
  void save_setting(const std::string& name, const std::string& value, Executor& reply_on,
                    hub::StoreReply reply) override;
  [[nodiscard]] Result<std::optional<hub::Twin>, hub::StoreError> load_twin(const IdentityKey& key) const override;
  void put_twin(hub::TwinWrite write, Executor& reply_on, hub::StoreReply reply) override;
  [[nodiscard]] const std::vector<hub::IndexedPath>& indexes() const override { return scanner_.indexes(); }
  [[nodiscard]] Result<bool, hub::StoreError> scan(const Range& range,
                                                   const std::function<bool(hub::ScannedRow&)>& visit) const override;

  // Jobs live in the same file.
  [[nodiscard]] hub::JobStore& jobs() { return jobs_; }

  // command_store.cc
  [[nodiscard]] std::vector<hub::CommandCount> count_commands() const override;
  [[nodiscard]] Result<std::vector<hub::CommandHead>, hub::StoreError> load_commands(
      const IdentityKey& key) const override;
  [[nodiscard]] Result<std::string, hub::StoreError> load_command_record(const IdentityKey& key,
                                                                         uint64_t sequence) const override;
  [[nodiscard]] std::vector<hub::ExpiredCommand> load_expired_commands(UtcTime now, UtcTime after_expires,
                                                                       uint64_t after_sequence,
                                                                       size_t top) const override;
  void put_command(hub::CommandWrite write, Executor& reply_on, hub::SequenceReply reply) override;
  void remove_commands(const IdentityKey& key, std::vector<hub::CommandRemoval> removals, Executor& reply_on,
                       hub::StoreReply reply) override;
  void set_delivery_count(const IdentityKey& key, uint64_t sequence, uint32_t count, Executor& reply_on,
                          hub::StoreReply reply) override;
  [[nodiscard]] size_t count_feedback(UtcTime now) const override;
  [[nodiscard]] std::vector<hub::StoredFeedback> load_feedback(uint64_t from, UtcTime now, size_t top) const override;
  void remove_feedback(std::vector<uint64_t> sequences, Executor& reply_on, hub::StoreReply reply) override;
  void count_feedback_delivery(std::vector<uint64_t> sequences, Executor& reply_on, hub::StoreReply reply) override;
  void expire_feedback(UtcTime now, Executor& reply_on, hub::StoreReply reply) override;

  // configuration_store.cc
  [[nodiscard]] Result<std::vector<hub::Configuration>, hub::StoreError> load_configurations() const override;
  void put_configuration(hub::Configuration configuration, Executor& reply_on, hub::StoreReply reply) override;
  void erase_configuration(const std::string& id, Executor& reply_on, hub::StoreReply reply) override;

 private:
  // Reading fills the cache and picks connections, none of which changes what is read.
  mutable IdentityCache cache_;
  StateCommitter committer_;
  mutable ReaderPool readers_;
  mutable TwinScanner scanner_;
  SqliteJobStore jobs_;
};

}  // namespace nave::store::embedded
