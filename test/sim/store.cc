#include "sim/store.h"

#include <optional>
#include <utility>

namespace nave::sim {

using hub::StoreError;
using hub::StoreReply;

template <class Outcome, class Perform>
void SimStore::enqueue(Executor& reply_on, UniqueFunction<void(Outcome)> reply, Perform perform) {
  if (dead_) return;
  waiting_.push_back([this, &reply_on, reply = std::move(reply), perform = std::move(perform)](bool fails) mutable {
    Outcome outcome = fail(StoreError::kUnavailable);
    if (!fails) {
      perform(inner_, UniqueFunction<void(Outcome)>([&](Outcome r) { outcome = std::move(r); }));
      while (inner_.run_one()) {
      }
    }
    if (dead_) return;  // durable, and nobody hears of it
    reply_on.post([reply = std::move(reply), outcome = std::move(outcome)]() mutable { reply(std::move(outcome)); });
  });
  plan_commit();
}

void SimStore::apply(std::vector<hub::IdentityWrite> writes, Executor& reply_on, StoreReply reply) {
  enqueue(reply_on, std::move(reply), [this, writes = std::move(writes)](Executor& on, StoreReply r) mutable {
    std::vector<IdentityKey> erased;
    for (const hub::IdentityWrite& w : writes) {
      if (w.kind == hub::IdentityWrite::Kind::kErase) erased.push_back(w.identity.key);
    }
    rows_.apply(std::move(writes), on, [this, erased = std::move(erased), r = std::move(r)](auto outcome) mutable {
      if (outcome) {
        for (const IdentityKey& key : erased) commands_.on_erased(key);
      }
      r(outcome);
    });
  });
}

void SimStore::save_mqtt_session(const IdentityKey& key, std::optional<hub::MqttSession> session, Executor& reply_on,
                                 StoreReply reply) {
  enqueue(reply_on, std::move(reply), [this, key, session](Executor& on, StoreReply r) {
    rows_.save_mqtt_session(key, session, on, std::move(r));
  });
}

void SimStore::save_policies(std::vector<auth::Policy> policies, Executor& reply_on, StoreReply reply) {
  enqueue(reply_on, std::move(reply), [this, policies = std::move(policies)](Executor& on, StoreReply r) mutable {
    rows_.save_policies(std::move(policies), on, std::move(r));
  });
}

void SimStore::save_setting(const std::string& name, const std::string& value, Executor& reply_on, StoreReply reply) {
  enqueue(reply_on, std::move(reply),
          [this, name, value](Executor& on, StoreReply r) { rows_.save_setting(name, value, on, std::move(r)); });
}

void SimStore::put_twin(hub::TwinWrite write, Executor& reply_on, StoreReply reply) {
  enqueue(reply_on, std::move(reply), [this, write = std::move(write)](Executor& on, StoreReply r) mutable {
    const IdentityKey key = write.key;
    const std::string generation = write.generation_id;
    rows_.put_twin(std::move(write), on, [this, key, generation, r = std::move(r)](auto outcome) mutable {
      if (outcome) twins_.on_stored(key, generation, **rows_.load_twin(key));
      r(outcome);
    });
  });
}

// Only who hands a message out reads its content.
Result<std::string, StoreError> SimStore::load_command_record(const IdentityKey& key, uint64_t sequence) const {
  auto record = rows_.load_command_record(key, sequence);
  if (record) commands_.on_loaded(key, sequence);
  return record;
}

void SimStore::put_command(hub::CommandWrite write, Executor& reply_on, hub::SequenceReply reply) {
  enqueue(reply_on, std::move(reply), [this, write = std::move(write)](Executor& on, hub::SequenceReply r) mutable {
    const IdentityKey key = write.key;
    const std::string record = write.record;
    rows_.put_command(std::move(write), on, [this, key, record, r = std::move(r)](auto outcome) mutable {
      if (outcome) commands_.on_stored(key, *outcome, record);
      r(std::move(outcome));
    });
  });
}

void SimStore::remove_commands(const IdentityKey& key, std::vector<hub::CommandRemoval> removals, Executor& reply_on,
                               StoreReply reply) {
  enqueue(reply_on, std::move(reply), [this, key, removals = std::move(removals)](Executor& on, StoreReply r) mutable {
    std::vector<hub::CommandRemoval> list = removals;
    rows_.remove_commands(key, std::move(list), on,
                          [this, removals = std::move(removals), r = std::move(r)](auto outcome) mutable {
                            if (outcome) commands_.on_removed(removals);
                            r(outcome);
                          });
  });
}

void SimStore::set_delivery_count(const IdentityKey& key, uint64_t sequence, uint32_t count, Executor& reply_on,
                                  StoreReply reply) {
  enqueue(reply_on, std::move(reply), [this, key, sequence, count](Executor& on, StoreReply r) {
    rows_.set_delivery_count(key, sequence, count, on, std::move(r));
  });
}

// As is feedback, which is asked for one by one when it has come back: then another than the one that was asked for is
// not handed out.
std::vector<hub::StoredFeedback> SimStore::load_feedback(uint64_t from, UtcTime now, size_t top) const {
  std::vector<hub::StoredFeedback> records = rows_.load_feedback(from, now, top);
  if (top > 1 || (!records.empty() && records.front().sequence == from)) feedback_.on_loaded(records);
  return records;
}

void SimStore::remove_feedback(std::vector<uint64_t> sequences, Executor& reply_on, StoreReply reply) {
  enqueue(reply_on, std::move(reply), [this, sequences = std::move(sequences)](Executor& on, StoreReply r) mutable {
    feedback_.on_removed(sequences);
    rows_.remove_feedback(std::move(sequences), on, std::move(r));
  });
}

void SimStore::count_feedback_delivery(std::vector<uint64_t> sequences, Executor& reply_on, StoreReply reply) {
  enqueue(reply_on, std::move(reply), [this, sequences = std::move(sequences)](Executor& on, StoreReply r) mutable {
    rows_.count_feedback_delivery(std::move(sequences), on, std::move(r));
  });
}

void SimStore::expire_feedback(UtcTime now, Executor& reply_on, StoreReply reply) {
  enqueue(reply_on, std::move(reply),
          [this, now](Executor& on, StoreReply r) { rows_.expire_feedback(now, on, std::move(r)); });
}

void SimStore::plan_commit() {
  if (commit_planned_ || waiting_.empty()) return;
  commit_planned_ = true;
  const bool slow = scheduler_.rng.one_in(50);
  scheduler_.after(slow ? scheduler_.rng.between(5, 400) * kMs : scheduler_.rng.between(100, 4 * kMs), life_, [this] {
    commit_planned_ = false;
    if (dead_) return;
    commit(1 + scheduler_.rng.below(waiting_.size()));
    plan_commit();
  });
}

void SimStore::commit(size_t n) {
  scheduler_.note("store", n);
  for (; n > 0 && !waiting_.empty(); --n) {
    Write write = std::move(waiting_.front());
    waiting_.pop_front();
    write(fail_one_in_ != 0 && scheduler_.rng.one_in(fail_one_in_));
  }
}

void SimStore::crash() {
  dead_ = true;
  commands_.on_restart();
  feedback_.on_restart();
  if (!waiting_.empty()) commit(scheduler_.rng.below(waiting_.size() + 1));
  waiting_.clear();
}

}  // namespace nave::sim
