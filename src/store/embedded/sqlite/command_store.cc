// Cloud-to-device messages and feedback of the SqliteDeviceStore.
#include <memory>
#include <utility>

#include "store/embedded/sqlite/device_store.h"

namespace nave::store::embedded {

using hub::StoreError;
using hub::StoreReply;

std::vector<hub::CommandCount> SqliteDeviceStore::count_commands() const {
  return readers_.count_commands();
}

Result<std::vector<hub::CommandHead>, StoreError> SqliteDeviceStore::load_commands(const IdentityKey& key) const {
  return readers_.commands(key);
}

Result<std::string, StoreError> SqliteDeviceStore::load_command_record(const IdentityKey& key,
                                                                       uint64_t sequence) const {
  return readers_.command_record(key, sequence);
}

std::vector<hub::ExpiredCommand> SqliteDeviceStore::load_expired_commands(UtcTime now, UtcTime after_expires,
                                                                          uint64_t after_sequence, size_t top) const {
  return readers_.expired_commands(now, after_expires, after_sequence, top);
}

void SqliteDeviceStore::put_command(hub::CommandWrite write, Executor& reply_on, hub::SequenceReply reply) {
  // Written by the step, read by the reply, which comes after it.
  auto sequence = std::make_shared<uint64_t>(0);
  committer_.submit([write = std::move(write),
                     sequence](StateWriter& w) { return w.step([&] { return w.commands().put(write, *sequence); }); },
                    1, reply_on,
                    [sequence, reply = std::move(reply)](Result<void, StoreError> outcome) mutable {
                      if (outcome) return reply(*sequence);
                      reply(fail(outcome.error()));
                    });
}

void SqliteDeviceStore::remove_commands(const IdentityKey& key, std::vector<hub::CommandRemoval> removals,
                                        Executor& reply_on, StoreReply reply) {
  const size_t cost = removals.size();
  committer_.submit([key, removals = std::move(removals)](
                        StateWriter& w) { return w.step([&] { return w.commands().remove(key, removals); }); },
                    cost, reply_on, std::move(reply));
}

void SqliteDeviceStore::set_delivery_count(const IdentityKey& key, uint64_t sequence, uint32_t count,
                                           Executor& reply_on, StoreReply reply) {
  committer_.submit(
      [key, sequence, count](StateWriter& w) {
        return w.step([&] { return w.commands().set_delivery_count(key, sequence, count); });
      },
      1, reply_on, std::move(reply));
}

size_t SqliteDeviceStore::count_feedback(UtcTime now) const {
  return readers_.count_feedback(now);
}

std::vector<hub::StoredFeedback> SqliteDeviceStore::load_feedback(uint64_t from, UtcTime now, size_t top) const {
  return readers_.feedback(from, now, top);
}

void SqliteDeviceStore::remove_feedback(std::vector<uint64_t> sequences, Executor& reply_on, StoreReply reply) {
  const size_t cost = sequences.size();
  committer_.submit([sequences = std::move(sequences)](
                        StateWriter& w) { return w.step([&] { return w.commands().remove_feedback(sequences); }); },
                    cost, reply_on, std::move(reply));
}

void SqliteDeviceStore::count_feedback_delivery(std::vector<uint64_t> sequences, Executor& reply_on, StoreReply reply) {
  const size_t cost = sequences.size();
  committer_.submit(
      [sequences = std::move(sequences)](StateWriter& w) {
        return w.step([&] { return w.commands().count_feedback_delivery(sequences); });
      },
      cost, reply_on, std::move(reply));
}

void SqliteDeviceStore::expire_feedback(UtcTime now, Executor& reply_on, StoreReply reply) {
  committer_.submit([now](StateWriter& w) { return w.step([&] { return w.commands().expire_feedback(now); }); }, 1,
                    reply_on, std::move(reply));
}

}  // namespace nave::store::embedded
