// A C2dService on a memory store whose disk can be slow, refuse or lose a message, with sessions that note wake-ups.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hub/c2d/service.h"
#include "store/memory/device_store.h"
#include "support/fake_shard.h"

namespace nave::hub {

// Writes of the inner store wait until the test lets them through, if it wants that.
class SlowCommands final : public CommandStore {
 public:
  explicit SlowCommands(CommandStore& inner) : inner_(inner) {}

  [[nodiscard]] std::vector<CommandCount> count_commands() const override { return inner_.count_commands(); }
  [[nodiscard]] Result<std::vector<CommandHead>, StoreError> load_commands(const IdentityKey& key) const override {
    ++head_reads;
    if (unreadable) return fail(StoreError::kUnavailable);
    return inner_.load_commands(key);
  }
  [[nodiscard]] Result<std::string, StoreError> load_command_record(const IdentityKey& key,
                                                                    uint64_t sequence) const override {
    ++record_reads;
    if (unreadable) return fail(StoreError::kUnavailable);
    if (sequence == damaged) return fail(StoreError::kDamaged);
    return inner_.load_command_record(key, sequence);
  }
  [[nodiscard]] std::vector<ExpiredCommand> load_expired_commands(UtcTime now, UtcTime after, uint64_t sequence,
                                                                  size_t top) const override {
    return inner_.load_expired_commands(now, after, sequence, top);
  }
  void put_command(CommandWrite write, Executor& on, SequenceReply reply) override {
    run([this, write = std::move(write), &on, reply = std::move(reply)](bool ok) mutable {
      if (ok) return inner_.put_command(std::move(write), on, std::move(reply));
      on.post([reply = std::move(reply)]() mutable { reply(fail(StoreError::kUnavailable)); });
    });
  }
  void remove_commands(const IdentityKey& key, std::vector<CommandRemoval> removals, Executor& on,
                       StoreReply reply) override {
    run([this, key, removals = std::move(removals), &on, reply = std::move(reply)](bool ok) mutable {
      if (ok) return inner_.remove_commands(key, std::move(removals), on, std::move(reply));
      refuse(on, std::move(reply));
    });
  }
  void set_delivery_count(const IdentityKey& key, uint64_t sequence, uint32_t count, Executor& on,
                          StoreReply reply) override {
    run([this, key, sequence, count, &on, reply = std::move(reply)](bool ok) mutable {
      if (ok) return inner_.set_delivery_count(key, sequence, count, on, std::move(reply));
      refuse(on, std::move(reply));
    });
  }
  [[nodiscard]] size_t count_feedback(UtcTime now) const override { return inner_.count_feedback(now); }
  [[nodiscard]] std::vector<StoredFeedback> load_feedback(uint64_t from, UtcTime now, size_t top) const override {
    return inner_.load_feedback(from, now, top);
  }
  void remove_feedback(std::vector<uint64_t> sequences, Executor& on, StoreReply reply) override {
    run([this, sequences = std::move(sequences), &on, reply = std::move(reply)](bool ok) mutable {
      if (ok) return inner_.remove_feedback(std::move(sequences), on, std::move(reply));
      refuse(on, std::move(reply));
    });
  }
  void count_feedback_delivery(std::vector<uint64_t> sequences, Executor& on, StoreReply reply) override {
    run([this, sequences = std::move(sequences), &on, reply = std::move(reply)](bool ok) mutable {
      if (ok) return inner_.count_feedback_delivery(std::move(sequences), on, std::move(reply));
      refuse(on, std::move(reply));
    });
  }
  void expire_feedback(UtcTime now, Executor& on, StoreReply reply) override {
    inner_.expire_feedback(now, on, std::move(reply));
  }

  // With `slow`: the oldest write takes place, or is refused by the disk.
  void commit_one(bool ok = true) {
    UniqueFunction<void(bool)> f = std::move(writes.front());
    writes.pop_front();
    f(ok);
  }

  bool slow = false;
  bool unreadable = false;
  uint64_t damaged = 0;
  mutable int head_reads = 0;
  mutable int record_reads = 0;
  std::deque<UniqueFunction<void(bool)>> writes;

 private:
  void run(UniqueFunction<void(bool)> write) {
    if (slow) return writes.push_back(std::move(write));
    write(true);
  }
  static void refuse(Executor& on, StoreReply reply) {
    on.post([reply = std::move(reply)]() mutable { reply(fail(StoreError::kUnavailable)); });
  }
  CommandStore& inner_;
};

class WokenSession final : public Session {
 public:
  explicit WokenSession(Executor& executor) : link(std::make_shared<SessionLink>(executor, *this)) {}
  void end(EndReason) override {}
  [[nodiscard]] bool still_authorized(const Identity&) const override { return true; }
  void on_c2d_available() override { ++wakes; }
  std::shared_ptr<SessionLink> link;
  int wakes = 0;
};

class C2dRig : public testing::Test {
 public:
  void TestBody() override {}

  C2dRig() {
    add({"d", ""});
    start();
  }

  // A restart: what is in memory only is gone.
  void start() {
    service = std::make_unique<C2dService>(commands, registry, sessions, shard.clock, metrics, shard.executor, options);
    registry.set_queue(*service);
  }
  void add(const IdentityKey& key) {
    Identity identity;
    identity.key = key;
    identity.generation_id = std::to_string(++generations);
    store.apply({{IdentityWrite::Kind::kPut, IdentityWrite::Expect::kAbsent, 0, identity}}, shard.executor,
                [](Result<void, StoreError> o) { EXPECT_TRUE(o); });
    shard.run_until_idle();
  }
  void erase(const IdentityKey& key) {
    registry.remove(key, parse_if_match("*"), shard.executor, [](const HubResult<void>& r) { EXPECT_TRUE(r); });
    shard.run_until_idle();
  }

  // "" if it was taken, else the error's name. nullopt while the disk has not answered.
  using Answer = std::shared_ptr<std::optional<std::string>>;
  template <class T>
  static std::string text(const HubResult<T>& r) {
    return r ? "" : std::string(row(r.error().code).name);
  }
  Answer begin_send(const EventView& message, const IdentityKey& to = {"d", ""}) {
    auto answer = std::make_shared<std::optional<std::string>>();
    service->send(to, message, shard.executor, [answer](const HubResult<void>& r) {
      EXPECT_FALSE(*answer) << "one reply";
      *answer = text(r);
    });
    EXPECT_FALSE(*answer) << "never inside the call";
    shard.run_until_idle();
    return answer;
  }
  std::string send(const EventView& message, const IdentityKey& to = {"d", ""}) {
    return begin_send(message, to)->value_or("no answer");
  }
  // A message with the body and, if given, an ack, with the body as its id.
  std::string send(std::string_view body, std::string_view ack = "", const IdentityKey& to = {"d", ""}) {
    return send(message(body, ack), to);
  }
  static EventView message(std::string_view body, std::string_view ack = "") {
    EventView out;
    out.body = body;
    out.system.push_back({SystemProperty::kMessageId, body});
    if (!ack.empty()) out.system.push_back({SystemProperty::kAck, ack});
    return out;
  }

  std::optional<C2dDelivery> receive(const IdentityKey& key = {"d", ""}, int64_t lock_ms = C2dService::kLockMs) {
    const auto identity = registry.get(key);
    return service->receive({key, identity ? identity->generation_id : ""}, lock_ms);
  }
  // The body of the message that is received, "-" for none.
  std::string body_of(const std::optional<C2dDelivery>& delivery) {
    EventView view;
    if (!delivery) return "-";
    EXPECT_TRUE(decode_event(delivery->record, view));
    return std::string(view.body);
  }
  std::string receive_body() { return body_of(receive()); }
  // All that can be received, locked: "a b c".
  std::string receive_all() {
    std::string out;
    while (const auto delivery = receive()) out += (out.empty() ? "" : " ") + body_of(delivery);
    return out;
  }

  Answer begin_settle(const LockToken& lock, C2dOutcome outcome, const IdentityKey& key = {"d", ""}) {
    auto answer = std::make_shared<std::optional<std::string>>();
    service->settle(key, lock, outcome, shard.executor, [answer](const HubResult<void>& r) {
      EXPECT_FALSE(*answer) << "one reply";
      *answer = text(r);
    });
    EXPECT_FALSE(*answer) << "never inside the call";
    shard.run_until_idle();
    return answer;
  }
  std::string settle(const LockToken& lock, C2dOutcome outcome, const IdentityKey& key = {"d", ""}) {
    return begin_settle(lock, outcome, key)->value_or("no answer");
  }
  std::string purge(const IdentityKey& key = {"d", ""}) {
    std::string out = "no answer";
    service->purge(key, shard.executor, [&](const HubResult<uint64_t>& r) { out = r ? std::to_string(*r) : text(r); });
    shard.run_until_idle();
    return out;
  }
  void advance(int64_t ms) {
    shard.advance(ms);
    service->on_tick();
    shard.run_until_idle();
  }
  [[nodiscard]] size_t depth(const IdentityKey& key = {"d", ""}) const { return service->depth(key); }

  // What feedback there is: "id:Status …".
  std::string feedback() {
    std::string out;
    for (const StoredFeedback& f : store.load_feedback(0, kNever, 1000)) {
      out += (out.empty() ? "" : " ") + f.feedback.message_id + ":" + std::string(name_of(f.feedback.status));
    }
    return out;
  }

  test::FakeShard shard;
  Metrics metrics;
  store::memory::MemoryDeviceStore store;
  SlowCommands commands{store};
  HubInfo hub{"hub1.example.test", {}};
  SessionDirectory sessions{store, shard.clock, metrics};
  Registry registry{store, sessions, hub, shard.clock};
  C2dService::Options options;
  std::unique_ptr<C2dService> service;
  uint64_t generations = 100;
};

}  // namespace nave::hub
