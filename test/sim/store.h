// The state of a simulated hub as its ports promise it (hub/ports.h), over rows in memory: writes become durable in
// order after a while and are answered later still; some fail; a crash takes what was not durable.
#pragma once

#include <deque>
#include <memory>

#include "sim/checks/c2d_ledger.h"
#include "sim/checks/feedback_ledger.h"
#include "sim/checks/twin_ledger.h"
#include "sim/scheduler.h"
#include "store/memory/device_store.h"
#include "support/fake_shard.h"

namespace nave::sim {

// What outlives a crash.
struct StateDisk {
  store::memory::MemoryDeviceStore rows;
};

class SimStore final : public hub::DeviceStore, public hub::TwinStore, public hub::CommandStore {
 public:
  SimStore(StateDisk& disk, Scheduler& scheduler, TwinLedger& twins, C2dLedger& commands, FeedbackLedger& feedback)
      : rows_(disk.rows), scheduler_(scheduler), twins_(twins), commands_(commands), feedback_(feedback) {}

  // The process ends now: of the writes that were not answered, the first few are durable.
  void crash();
  // Every n-th write fails, by chance; 0: none.
  void set_failures(uint64_t one_in) { fail_one_in_ = one_in; }

  [[nodiscard]] std::optional<hub::Identity> find(const IdentityKey& key) const override { return rows_.find(key); }
  [[nodiscard]] std::vector<hub::Identity> list_devices(size_t top) const override { return rows_.list_devices(top); }
  [[nodiscard]] std::vector<hub::Identity> list_modules(const std::string& device) const override {
    return rows_.list_modules(device);
  }
  [[nodiscard]] Counts counts() const override { return rows_.counts(); }
  void apply(std::vector<hub::IdentityWrite> writes, Executor& reply_on, hub::StoreReply reply) override;
  void note_activity(const IdentityKey& key, UtcTime state_updated, UtcTime last_activity) override {
    if (!dead_) rows_.note_activity(key, state_updated, last_activity);
  }
  [[nodiscard]] std::optional<hub::MqttSession> load_mqtt_session(const IdentityKey& key) const override {
    return rows_.load_mqtt_session(key);
  }
  void save_mqtt_session(const IdentityKey& key, std::optional<hub::MqttSession> session, Executor& reply_on,
                         hub::StoreReply reply) override;
  [[nodiscard]] std::vector<auth::Policy> load_policies() const override { return rows_.load_policies(); }
  void save_policies(std::vector<auth::Policy> policies, Executor& reply_on, hub::StoreReply reply) override;
  [[nodiscard]] std::optional<std::string> load_setting(const std::string& name) const override {
    return rows_.load_setting(name);
  }
  void save_setting(const std::string& name, const std::string& value, Executor& reply_on,
                    hub::StoreReply reply) override;
  [[nodiscard]] Result<std::optional<hub::Twin>, hub::StoreError> load_twin(const IdentityKey& key) const override {
    return rows_.load_twin(key);
  }
  void put_twin(hub::TwinWrite write, Executor& reply_on, hub::StoreReply reply) override;

  [[nodiscard]] std::vector<hub::CommandCount> count_commands() const override { return rows_.count_commands(); }
  [[nodiscard]] Result<std::vector<hub::CommandHead>, hub::StoreError> load_commands(
      const IdentityKey& key) const override {
    return rows_.load_commands(key);
  }
  [[nodiscard]] Result<std::string, hub::StoreError> load_command_record(const IdentityKey& key,
                                                                         uint64_t sequence) const override;
  [[nodiscard]] std::vector<hub::ExpiredCommand> load_expired_commands(UtcTime now, UtcTime after_expires,
                                                                       uint64_t after_sequence,
                                                                       size_t top) const override {
    return rows_.load_expired_commands(now, after_expires, after_sequence, top);
  }
  void put_command(hub::CommandWrite write, Executor& reply_on, hub::SequenceReply reply) override;
  void remove_commands(const IdentityKey& key, std::vector<hub::CommandRemoval> removals, Executor& reply_on,
                       hub::StoreReply reply) override;
  void set_delivery_count(const IdentityKey& key, uint64_t sequence, uint32_t count, Executor& reply_on,
                          hub::StoreReply reply) override;
  [[nodiscard]] size_t count_feedback(UtcTime now) const override { return rows_.count_feedback(now); }
  [[nodiscard]] std::vector<hub::StoredFeedback> load_feedback(uint64_t from, UtcTime now, size_t top) const override;
  void remove_feedback(std::vector<uint64_t> sequences, Executor& reply_on, hub::StoreReply reply) override;
  void count_feedback_delivery(std::vector<uint64_t> sequences, Executor& reply_on, hub::StoreReply reply) override;
  void expire_feedback(UtcTime now, Executor& reply_on, hub::StoreReply reply) override;

 private:
  // Performs itself on the rows, or fails, and answers.
  using Write = UniqueFunction<void(bool fails)>;
  // `perform(executor, reply)` does it on the rows.
  template <class Outcome, class Perform>
  void enqueue(Executor& reply_on, UniqueFunction<void(Outcome)> reply, Perform perform);
  void plan_commit();
  void commit(size_t n);

  store::memory::MemoryDeviceStore& rows_;
  Scheduler& scheduler_;
  TwinLedger& twins_;
  C2dLedger& commands_;
  FeedbackLedger& feedback_;
  std::deque<Write> waiting_;
  test::QueueExecutor inner_;  // what the rows answer on
  uint64_t fail_one_in_ = 0;
  bool commit_planned_ = false;
  bool dead_ = false;
  const Life life_ = make_life();
};

}  // namespace nave::sim
