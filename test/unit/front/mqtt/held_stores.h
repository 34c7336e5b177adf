// The memory stores with a hand on them: saves of sessions that wait until the test lets them through, and a log that
// refuses or fails.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/memory/device_store.h"
#include "store/memory/event_log.h"

namespace nave::test {

class HeldDeviceStore final : public hub::DeviceStore {
 public:
  // With `held`, session saves wait for finish_save(); without, they happen at once.
  bool held = false;
  size_t session_saves = 0;

  [[nodiscard]] size_t waiting() const { return waiting_.size(); }
  // Lets the oldest save through, or fails it.
  void finish_save(bool ok = true) {
    Save save = std::move(waiting_.front());
    waiting_.pop_front();
    if (ok) {
      inner_.save_mqtt_session(save.key, save.session, *save.reply_on, std::move(save.reply));
    } else {
      save.reply_on->post(
          [reply = std::move(save.reply)]() mutable { reply(nave::fail(hub::StoreError::kUnavailable)); });
    }
  }

  void save_mqtt_session(const IdentityKey& key, std::optional<hub::MqttSession> session, Executor& reply_on,
                         hub::StoreReply reply) override {
    ++session_saves;
    waiting_.push_back({key, session, &reply_on, std::move(reply)});
    if (!held) finish_save();
  }

  [[nodiscard]] std::optional<hub::Identity> find(const IdentityKey& key) const override {
    if (before_find) before_find();
    return inner_.find(key);
  }
  [[nodiscard]] std::vector<hub::Identity> list_devices(size_t top) const override { return inner_.list_devices(top); }
  [[nodiscard]] std::vector<hub::Identity> list_modules(const std::string& device) const override {
    return inner_.list_modules(device);
  }
  [[nodiscard]] Counts counts() const override { return inner_.counts(); }
  void apply(std::vector<hub::IdentityWrite> writes, Executor& reply_on, hub::StoreReply reply) override {
    inner_.apply(std::move(writes), reply_on, std::move(reply));
  }
  void note_activity(const IdentityKey& key, UtcTime connection_state_updated, UtcTime last_activity) override {
    inner_.note_activity(key, connection_state_updated, last_activity);
  }
  [[nodiscard]] std::optional<hub::MqttSession> load_mqtt_session(const IdentityKey& key) const override {
    return inner_.load_mqtt_session(key);
  }
  [[nodiscard]] std::vector<auth::Policy> load_policies() const override { return inner_.load_policies(); }
  void save_policies(std::vector<auth::Policy> policies, Executor& reply_on, hub::StoreReply reply) override {
    inner_.save_policies(std::move(policies), reply_on, std::move(reply));
  }
  [[nodiscard]] std::optional<std::string> load_setting(const std::string& name) const override {
    return inner_.load_setting(name);
  }
  void save_setting(const std::string& name, const std::string& value, Executor& reply_on,
                    hub::StoreReply reply) override {
    inner_.save_setting(name, value, reply_on, std::move(reply));
  }

  [[nodiscard]] hub::TwinStore& twins() { return inner_; }
  [[nodiscard]] hub::CommandStore& commands() { return inner_; }

  // Called at each look-up: a registry change that happens between two of them.
  mutable UniqueFunction<void()> before_find;

 private:
  struct Save {
    IdentityKey key;
    std::optional<hub::MqttSession> session;
    Executor* reply_on;
    hub::StoreReply reply;
  };
  store::memory::MemoryDeviceStore inner_;
  std::deque<Save> waiting_;
};

class HeldTwinStore final : public hub::TwinStore {
 public:
  explicit HeldTwinStore(hub::TwinStore& inner) : inner_(inner) {}

  // With `held`, writes wait for finish_put(); without, they happen at once.
  bool held = false;
  [[nodiscard]] size_t waiting() const { return waiting_.size(); }
  // Lets the oldest write through, or fails it.
  void finish_put(bool ok = true) {
    Put put = std::move(waiting_.front());
    waiting_.pop_front();
    if (ok) {
      inner_.put_twin(std::move(put.write), *put.reply_on, std::move(put.reply));
    } else {
      put.reply_on->post(
          [reply = std::move(put.reply)]() mutable { reply(nave::fail(hub::StoreError::kUnavailable)); });
    }
  }

  [[nodiscard]] Result<std::optional<hub::Twin>, hub::StoreError> load_twin(const IdentityKey& key) const override {
    return inner_.load_twin(key);
  }
  void put_twin(hub::TwinWrite write, Executor& reply_on, hub::StoreReply reply) override {
    waiting_.push_back({std::move(write), &reply_on, std::move(reply)});
    if (!held) finish_put();
  }

 private:
  struct Put {
    hub::TwinWrite write;
    Executor* reply_on;
    hub::StoreReply reply;
  };
  hub::TwinStore& inner_;
  std::deque<Put> waiting_;
};

class FailingEventLog final : public hub::EventLog {
 public:
  FailingEventLog(uint16_t partition_count, const Clock& clock, Executor& complete_on)
      : inner_(partition_count, clock, complete_on) {}

  bool refuse = false;  // appends are refused, as when too much is pending
  bool fail = false;    // appends are taken and never stored

  void stop() { inner_.stop(); }
  // Reports everything that was taken while `fail` was set.
  void report_failures() {
    for (auto& [listener, ticket] : std::exchange(failed_, {})) {
      listener->on_appended({hub::AppendOutcome{.ticket = ticket, .sequence = {}, .ok = false}});
    }
  }

  [[nodiscard]] uint16_t partition_count() const override { return inner_.partition_count(); }
  [[nodiscard]] bool append(PartitionId partition, std::string_view payload, hub::AppendTicket ticket,
                            hub::AppendListener& listener) override {
    if (refuse) return false;
    if (!fail) return inner_.append(partition, payload, ticket, listener);
    failed_.emplace_back(&listener, ticket);
    return true;
  }
  [[nodiscard]] hub::PartitionInfo info(PartitionId partition) const override { return inner_.info(partition); }
  [[nodiscard]] SequenceNumber resolve(PartitionId partition, hub::EventPosition position) const override {
    return inner_.resolve(partition, position);
  }
  void read(PartitionId partition, SequenceNumber from, size_t events_max, size_t bytes_max, Executor& reply_on,
            hub::EventReply reply) override {
    inner_.read(partition, from, events_max, bytes_max, reply_on, std::move(reply));
  }
  uint64_t wait(PartitionId partition, SequenceNumber from, Executor& on, UniqueFunction<void()> ready) override {
    return inner_.wait(partition, from, on, std::move(ready));
  }
  void cancel_wait(uint64_t handle) override { inner_.cancel_wait(handle); }

 private:
  store::memory::MemoryEventLog inner_;
  std::vector<std::pair<hub::AppendListener*, hub::AppendTicket>> failed_;
};

}  // namespace nave::test
