#include "sim/store.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace nave::sim {

using hub::StoreError;
using hub::StoreReply;

void SimStore::apply(std::vector<hub::IdentityWrite> writes, Executor& reply_on, StoreReply reply) {
  enqueue([this, writes = std::move(writes)](
              Executor& on, StoreReply r) mutable { rows_.apply(std::move(writes), on, std::move(r)); },
          reply_on, std::move(reply));
}

void SimStore::save_mqtt_session(const IdentityKey& key, std::optional<hub::MqttSession> session, Executor& reply_on,
                                 StoreReply reply) {
  enqueue([this, key, session](Executor& on, StoreReply r) { rows_.save_mqtt_session(key, session, on, std::move(r)); },
          reply_on, std::move(reply));
}

void SimStore::save_policies(std::vector<auth::Policy> policies, Executor& reply_on, StoreReply reply) {
  enqueue([this, policies = std::move(policies)](
              Executor& on, StoreReply r) mutable { rows_.save_policies(std::move(policies), on, std::move(r)); },
          reply_on, std::move(reply));
}

void SimStore::save_setting(const std::string& name, const std::string& value, Executor& reply_on, StoreReply reply) {
  enqueue([this, name, value](Executor& on, StoreReply r) { rows_.save_setting(name, value, on, std::move(r)); },
          reply_on, std::move(reply));
}

void SimStore::put_twin(hub::TwinWrite write, Executor& reply_on, StoreReply reply) {
  enqueue(
      [this, write = std::move(write)](Executor& on, StoreReply r) mutable {
        const IdentityKey key = write.key;
        const std::string generation = write.generation_id;
        rows_.put_twin(std::move(write), on, [&, r = std::move(r)](Result<void, StoreError> outcome) mutable {
          if (outcome) twins_.on_stored(key, generation, **rows_.load_twin(key));
          r(outcome);
        });
        // The rows answer at once, on a queue that is run before this is left.
        while (inner_.run_one()) {
        }
      },
      reply_on, std::move(reply));
}

void SimStore::enqueue(UniqueFunction<void(Executor&, StoreReply)> perform, Executor& reply_on, StoreReply reply) {
  if (dead_) return;
  waiting_.push_back({std::move(perform), &reply_on, std::move(reply)});
  plan_commit();
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
    perform(std::move(write));
  }
}

void SimStore::perform(Write write) {
  Result<void, StoreError> outcome = fail(StoreError::kUnavailable);
  if (fail_one_in_ == 0 || !scheduler_.rng.one_in(fail_one_in_)) {
    write.perform(inner_, [&](Result<void, StoreError> r) { outcome = r; });
    while (inner_.run_one()) {
    }
  }
  if (dead_) return;  // durable, and nobody hears of it
  write.reply_on->post([reply = std::move(write.reply), outcome]() mutable { reply(outcome); });
}

void SimStore::crash() {
  dead_ = true;
  if (!waiting_.empty()) commit(scheduler_.rng.below(waiting_.size() + 1));
  waiting_.clear();
}

}  // namespace nave::sim
