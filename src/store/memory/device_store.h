// A DeviceStore that forgets everything with the process: for tests, the simulator and `nave serve --memory`.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/limits.h"
#include "hub/configuration/store.h"
#include "hub/ports.h"
#include "hub/query/scan.h"

namespace nave::store::memory {

class MemoryDeviceStore final : public hub::DeviceStore,
                                public hub::TwinStore,
                                public hub::CommandStore,
                                public hub::TwinScan,
                                public hub::ConfigurationStore {
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
  // None: what is in memory is quick to walk through.
  [[nodiscard]] const std::vector<hub::IndexedPath>& indexes() const override { return indexes_; }
  [[nodiscard]] Result<bool, hub::StoreError> scan(const Range& range,
                                                   const std::function<bool(hub::ScannedRow&)>& visit) const override;

  // commands.cc
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

  // configurations.cc
  [[nodiscard]] Result<std::vector<hub::Configuration>, hub::StoreError> load_configurations() const override;
  void put_configuration(hub::Configuration configuration, Executor& reply_on, hub::StoreReply reply) override;
  void erase_configuration(const std::string& id, Executor& reply_on, hub::StoreReply reply) override;

 private:
  using Outcome = Result<void, hub::StoreError>;
  struct Command {
    hub::CommandHead head;
    std::shared_ptr<const std::string> record;  // shared with the copies that Undo makes
  };
  struct Row {
    hub::Identity identity;
    uint64_t created = 0;  // order of creation
    std::optional<hub::MqttSession> session;
    std::optional<hub::Twin> twin;
    std::map<uint64_t, Command> commands;
  };
  // What a key held before a write, so that a change that fails half-way can be taken back.
  using Undo = std::vector<std::pair<IdentityKey, std::optional<Row>>>;

  // Call with mutex_ held, but for scan_batch().
  Outcome apply_all(const std::vector<hub::IdentityWrite>& writes);
  Outcome apply_one(const hub::IdentityWrite& write, Undo& undo);
  [[nodiscard]] Outcome room_for(const IdentityKey& key) const;
  void put(const hub::Identity& identity, Undo& undo);
  void erase(const IdentityKey& key, Undo& undo);
  void restore(const IdentityKey& key, std::optional<Row> row);
  void count(const Row& row, bool added);
  // Behind `range.after`, which it moves.
  [[nodiscard]] std::vector<hub::ScannedTwin> scan_batch(Range& range) const;
  [[nodiscard]] const Command* find_command(const IdentityKey& key, uint64_t sequence) const;
  Outcome remove_all(const IdentityKey& key, const std::vector<hub::CommandRemoval>& removals);

  const uint64_t identities_max_;
  const std::vector<hub::IndexedPath> indexes_;
  mutable std::mutex mutex_;
  std::map<IdentityKey, Row> rows_;  // a device stands right before its modules
  uint64_t next_created_ = 0;
  Counts counts_;
  std::vector<auth::Policy> policies_;
  std::map<std::string, std::string> settings_;
  std::map<std::string, hub::Configuration> configurations_;
  uint64_t next_command_ = 1;
  // May hold messages that went with their identity; they are dropped when they are met.
  using Expiry = std::tuple<UtcTime, uint64_t, IdentityKey>;
  mutable std::set<Expiry> expiries_;
  uint64_t next_feedback_ = 1;
  std::map<uint64_t, hub::StoredFeedback> feedback_;
};

}  // namespace nave::store::memory
