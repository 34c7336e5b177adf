// Cloud-to-device messages and feedback of the MemoryDeviceStore.
#include <algorithm>
#include <utility>

#include "store/memory/device_store.h"

namespace nave::store::memory {

using hub::StoreError;
using hub::StoreReply;

namespace {

template <class Reply, class Outcome>
void answer(Executor& executor, Reply reply, Outcome outcome) {
  executor.post([reply = std::move(reply), outcome = std::move(outcome)]() mutable { reply(outcome); });
}

}  // namespace

std::vector<hub::CommandCount> MemoryDeviceStore::count_commands() const {
  const std::lock_guard lock(mutex_);
  std::vector<hub::CommandCount> out;
  for (const auto& [key, row] : rows_) {
    if (!row.commands.empty()) out.push_back({key, row.identity.generation_id, row.commands.size()});
  }
  return out;
}

Result<std::vector<hub::CommandHead>, StoreError> MemoryDeviceStore::load_commands(const IdentityKey& key) const {
  const std::lock_guard lock(mutex_);
  std::vector<hub::CommandHead> out;
  if (const auto it = rows_.find(key); it != rows_.end()) {
    for (const auto& [sequence, command] : it->second.commands) out.push_back(command.head);
  }
  return out;
}

const MemoryDeviceStore::Command* MemoryDeviceStore::find_command(const IdentityKey& key, uint64_t sequence) const {
  const auto row = rows_.find(key);
  if (row == rows_.end()) return nullptr;
  const auto command = row->second.commands.find(sequence);
  return command == row->second.commands.end() ? nullptr : &command->second;
}

Result<std::string, StoreError> MemoryDeviceStore::load_command_record(const IdentityKey& key,
                                                                       uint64_t sequence) const {
  const std::lock_guard lock(mutex_);
  const Command* command = find_command(key, sequence);
  if (command == nullptr) return fail(StoreError::kNotFound);
  return *command->record;
}

std::vector<hub::ExpiredCommand> MemoryDeviceStore::load_expired_commands(UtcTime now, UtcTime after_expires,
                                                                          uint64_t after_sequence, size_t top) const {
  const std::lock_guard lock(mutex_);
  std::vector<hub::ExpiredCommand> out;
  // Sequence numbers are unique, so the next one with no key stands right behind the position.
  auto it = expiries_.lower_bound({after_expires, after_sequence + 1, IdentityKey{}});
  while (it != expiries_.end() && out.size() < top) {
    const auto& [expires, sequence, key] = *it;
    if (expires > now) break;
    if (find_command(key, sequence) == nullptr) {
      it = expiries_.erase(it);
      continue;
    }
    out.push_back({expires, sequence, key});
    ++it;
  }
  return out;
}

void MemoryDeviceStore::put_command(hub::CommandWrite write, Executor& reply_on, hub::SequenceReply reply) {
  const auto outcome = [&]() -> Result<uint64_t, StoreError> {
    const std::lock_guard lock(mutex_);
    const auto it = rows_.find(write.key);
    if (it == rows_.end() || it->second.identity.generation_id != write.generation_id) {
      return fail(StoreError::kNotFound);
    }
    const uint64_t sequence = next_command_++;
    write.head.sequence = sequence;
    expiries_.emplace(write.head.expires, sequence, write.key);
    it->second.commands.emplace(
        sequence, Command{std::move(write.head), std::make_shared<const std::string>(std::move(write.record))});
    return sequence;
  }();
  answer(reply_on, std::move(reply), outcome);
}

void MemoryDeviceStore::remove_commands(const IdentityKey& key, std::vector<hub::CommandRemoval> removals,
                                        Executor& reply_on, StoreReply reply) {
  const Outcome outcome = [&] {
    const std::lock_guard lock(mutex_);
    return remove_all(key, removals);
  }();
  answer(reply_on, std::move(reply), outcome);
}

MemoryDeviceStore::Outcome MemoryDeviceStore::remove_all(const IdentityKey& key,
                                                         const std::vector<hub::CommandRemoval>& removals) {
  for (const hub::CommandRemoval& r : removals) {
    if (find_command(key, r.sequence) == nullptr) return fail(StoreError::kNotFound);
  }
  auto& commands = rows_.find(key)->second.commands;
  for (const hub::CommandRemoval& r : removals) {
    expiries_.erase({commands.at(r.sequence).head.expires, r.sequence, key});
    commands.erase(r.sequence);
    if (!r.feedback) continue;
    const uint64_t sequence = next_feedback_++;
    feedback_.emplace(sequence, hub::StoredFeedback{sequence, 0, *r.feedback});
  }
  return {};
}

void MemoryDeviceStore::set_delivery_count(const IdentityKey& key, uint64_t sequence, uint32_t count,
                                           Executor& reply_on, StoreReply reply) {
  const Outcome outcome = [&]() -> Outcome {
    const std::lock_guard lock(mutex_);
    if (find_command(key, sequence) == nullptr) return fail(StoreError::kNotFound);
    rows_.find(key)->second.commands.at(sequence).head.delivery_count = count;
    return {};
  }();
  answer(reply_on, std::move(reply), outcome);
}

size_t MemoryDeviceStore::count_feedback(UtcTime now) const {
  const std::lock_guard lock(mutex_);
  return static_cast<size_t>(
      std::ranges::count_if(feedback_, [now](const auto& f) { return f.second.feedback.expires > now; }));
}

std::vector<hub::StoredFeedback> MemoryDeviceStore::load_feedback(uint64_t from, UtcTime now, size_t top) const {
  const std::lock_guard lock(mutex_);
  std::vector<hub::StoredFeedback> out;
  for (auto it = feedback_.lower_bound(from); it != feedback_.end() && out.size() < top; ++it) {
    if (it->second.feedback.expires > now) out.push_back(it->second);
  }
  return out;
}

void MemoryDeviceStore::remove_feedback(std::vector<uint64_t> sequences, Executor& reply_on, StoreReply reply) {
  {
    const std::lock_guard lock(mutex_);
    for (const uint64_t s : sequences) feedback_.erase(s);
  }
  answer(reply_on, std::move(reply), Outcome());
}

void MemoryDeviceStore::count_feedback_delivery(std::vector<uint64_t> sequences, Executor& reply_on, StoreReply reply) {
  {
    const std::lock_guard lock(mutex_);
    for (const uint64_t s : sequences) {
      if (const auto it = feedback_.find(s); it != feedback_.end()) ++it->second.delivery_count;
    }
  }
  answer(reply_on, std::move(reply), Outcome());
}

void MemoryDeviceStore::expire_feedback(UtcTime now, Executor& reply_on, StoreReply reply) {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(feedback_, [now](const auto& f) { return f.second.feedback.expires <= now; });
  }
  answer(reply_on, std::move(reply), Outcome());
}

}  // namespace nave::store::memory
