// A DeviceStore that forgets everything with the process: for tests, the simulator and `nave serve --memory`.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "hub/ports.h"

namespace nave::store::memory {

class MemoryDeviceStore final : public hub::DeviceStore, public hub::TwinStore {
 public:
  explicit MemoryDeviceStore(uint64_t identities_max = limits::kIdentitiesMax) : identities_max_(identities_max) {}

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
  using Outcome = Result<void, hub::StoreError>;
  struct Row {
    hub::Identity identity;
    uint64_t created = 0;  // order of creation
    std::optional<hub::MqttSession> session;
    std::optional<hub::Twin> twin;
  };
  // What a key held before a write, so that a change that fails half-way can be taken back.
  using Undo = std::vector<std::pair<IdentityKey, std::optional<Row>>>;

  // Call with mutex_ held.
  Outcome apply_all(const std::vector<hub::IdentityWrite>& writes);
  Outcome apply_one(const hub::IdentityWrite& write, Undo& undo);
  [[nodiscard]] Outcome room_for(const IdentityKey& key) const;
  void put(const hub::Identity& identity, Undo& undo);
  void erase(const IdentityKey& key, Undo& undo);
  void restore(const IdentityKey& key, std::optional<Row> row);
  void count(const Row& row, bool added);

  const uint64_t identities_max_;
  mutable std::mutex mutex_;
  std::map<IdentityKey, Row> rows_;  // a device stands right before its modules
  uint64_t next_created_ = 0;
  Counts counts_;
  std::vector<auth::Policy> policies_;
  std::map<std::string, std::string> settings_;
};

}  // namespace nave::store::memory
