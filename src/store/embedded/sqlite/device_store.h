// The embedded DeviceStore and TwinStore: one SQLite file (docs/formats/state-db.md), one writer thread with group
// commit, readers on their own connections behind a cache of identities.
#pragma once

#include <string>

#include "base/limits.h"
#include "base/metrics.h"
#include "hub/ports.h"
#include "store/embedded/sqlite/identity_cache.h"
#include "store/embedded/sqlite/reader_pool.h"
#include "store/embedded/sqlite/state_committer.h"

namespace nave::store::embedded {

class SqliteDeviceStore final : public hub::DeviceStore, public hub::TwinStore {
 public:
  struct Options {
    std::string path;  // the folder exists
    uint64_t identities_max = limits::kIdentitiesMax;
    size_t cached_identities = 65'536;
    int64_t activity_flush_ms = 5000;
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

 private:
  // Reading fills the cache and picks connections, none of which changes what is read.
  mutable IdentityCache cache_;
  StateCommitter committer_;
  mutable ReaderPool readers_;
};

}  // namespace nave::store::embedded
