#include "store/memory/device_store.h"

#include <algorithm>

namespace nave::store::memory {

using hub::Identity;
using hub::IdentityWrite;
using hub::MqttSession;
using hub::StoreError;
using hub::StoreReply;

namespace {

// Never while mutex_ is held: an executor may be one that runs the reply at once on another thread.
void answer(Executor& executor, StoreReply reply, Result<void, StoreError> outcome) {
  executor.post([reply = std::move(reply), outcome]() mutable { reply(outcome); });
}

}  // namespace

std::optional<Identity> MemoryDeviceStore::find(const IdentityKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto it = rows_.find(key);
  if (it == rows_.end()) return {};
  return it->second.identity;
}

std::vector<Identity> MemoryDeviceStore::list_devices(size_t top) const {
  const std::lock_guard lock(mutex_);
  std::vector<Identity> out;
  for (auto it = rows_.begin(); it != rows_.end() && out.size() < top; ++it) {
    if (!it->first.is_module()) out.push_back(it->second.identity);
  }
  return out;
}

std::vector<Identity> MemoryDeviceStore::list_modules(const std::string& device) const {
  const std::lock_guard lock(mutex_);
  std::vector<const Row*> found;
  for (auto it = rows_.upper_bound({device, ""}); it != rows_.end() && it->first.device == device; ++it) {
    found.push_back(&it->second);
  }
  std::sort(found.begin(), found.end(), [](const Row* a, const Row* b) { return a->created < b->created; });
  std::vector<Identity> out;
  out.reserve(found.size());
  for (const Row* row : found) out.push_back(row->identity);
  return out;
}

hub::DeviceStore::Counts MemoryDeviceStore::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void MemoryDeviceStore::apply(std::vector<IdentityWrite> writes, Executor& reply_on, StoreReply reply) {
  const Outcome outcome = [&] {
    const std::lock_guard lock(mutex_);
    return apply_all(writes);
  }();
  answer(reply_on, std::move(reply), outcome);
}

MemoryDeviceStore::Outcome MemoryDeviceStore::apply_all(const std::vector<IdentityWrite>& writes) {
  Undo undo;
  for (const IdentityWrite& write : writes) {
    const Outcome outcome = apply_one(write, undo);
    if (outcome) continue;
    for (auto it = undo.rbegin(); it != undo.rend(); ++it) restore(it->first, std::move(it->second));
    return outcome;
  }
  return {};
}

MemoryDeviceStore::Outcome MemoryDeviceStore::apply_one(const IdentityWrite& write, Undo& undo) {
  const IdentityKey& key = write.identity.key;
  const auto it = rows_.find(key);
  const bool present = it != rows_.end();
  if (write.expect == IdentityWrite::Expect::kAbsent) {
    if (present) return fail(StoreError::kAlreadyExists);
  } else {
    if (!present) return fail(StoreError::kNotFound);
    if (write.expect == IdentityWrite::Expect::kEtag && it->second.identity.etag != write.expected_etag) {
      return fail(StoreError::kVersionMismatch);
    }
  }
  if (write.kind == IdentityWrite::Kind::kErase) {
    erase(key, undo);
    return {};
  }
  if (!present) {
    if (const Outcome room = room_for(key); !room) return room;
  }
  put(write.identity, undo);
  if (write.twin) {
    std::optional<hub::Twin>& stored = rows_.at(key).twin;
    const uint64_t revision = stored ? stored->revision : 0;
    stored = write.twin;
    stored->revision = revision + 1;
  }
  return {};
}

MemoryDeviceStore::Outcome MemoryDeviceStore::room_for(const IdentityKey& key) const {
  if (key.is_module()) {
    if (!rows_.contains({key.device, ""})) return fail(StoreError::kParentNotFound);
    size_t modules = 0;
    for (auto it = rows_.upper_bound({key.device, ""}); it != rows_.end() && it->first.device == key.device; ++it) {
      ++modules;
    }
    if (modules >= limits::kModulesPerDeviceMax) return fail(StoreError::kLimit);
  }
  if (rows_.size() >= identities_max_) return fail(StoreError::kLimit);
  return {};
}

void MemoryDeviceStore::put(const Identity& identity, Undo& undo) {
  const auto it = rows_.find(identity.key);
  if (it == rows_.end()) {
    undo.emplace_back(identity.key, std::nullopt);
    const Row& row = rows_.emplace(identity.key, Row{identity, next_created_++, {}, {}, {}}).first->second;
    count(row, true);
    return;
  }
  Row& row = it->second;
  undo.emplace_back(identity.key, row);
  count(row, false);
  // The activity times belong to note_activity(): a writer that read the row a moment ago must not set them back.
  const UtcTime state_updated = row.identity.connection_state_updated;
  const UtcTime last_activity = row.identity.last_activity;
  row.identity = identity;
  row.identity.connection_state_updated = state_updated;
  row.identity.last_activity = last_activity;
  count(row, true);
}

void MemoryDeviceStore::erase(const IdentityKey& key, Undo& undo) {
  auto it = rows_.find(key);
  while (it != rows_.end() && it->first.device == key.device && (!key.is_module() || it->first == key)) {
    count(it->second, false);
    undo.emplace_back(it->first, std::move(it->second));
    it = rows_.erase(it);
  }
}

void MemoryDeviceStore::restore(const IdentityKey& key, std::optional<Row> row) {
  if (const auto it = rows_.find(key); it != rows_.end()) {
    count(it->second, false);
    rows_.erase(it);
  }
  if (!row) return;
  count(*row, true);
  rows_.emplace(key, std::move(*row));
}

void MemoryDeviceStore::count(const Row& row, bool added) {
  const uint64_t one = added ? uint64_t{1} : ~uint64_t{0};  // wraps to minus one
  if (row.identity.key.is_module()) {
    counts_.modules += one;
    return;
  }
  counts_.devices += one;
  if (row.identity.enabled) counts_.enabled_devices += one;
}

void MemoryDeviceStore::note_activity(const IdentityKey& key, UtcTime connection_state_updated, UtcTime last_activity) {
  const std::lock_guard lock(mutex_);
  const auto it = rows_.find(key);
  if (it == rows_.end()) return;
  it->second.identity.connection_state_updated = connection_state_updated;
  it->second.identity.last_activity = last_activity;
}

std::optional<MqttSession> MemoryDeviceStore::load_mqtt_session(const IdentityKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto it = rows_.find(key);
  if (it == rows_.end()) return {};
  return it->second.session;
}

void MemoryDeviceStore::save_mqtt_session(const IdentityKey& key, std::optional<MqttSession> session,
                                          Executor& reply_on, StoreReply reply) {
  const Outcome outcome = [&]() -> Outcome {
    const std::lock_guard lock(mutex_);
    const auto it = rows_.find(key);
    // Forgetting needs no row; keeping one for an identity that was just deleted would leave an orphan.
    if (it == rows_.end()) return session ? Outcome(fail(StoreError::kNotFound)) : Outcome();
    it->second.session = session;
    return {};
  }();
  answer(reply_on, std::move(reply), outcome);
}

Result<std::optional<hub::Twin>, StoreError> MemoryDeviceStore::load_twin(const IdentityKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto it = rows_.find(key);
  if (it == rows_.end()) return std::optional<hub::Twin>();
  return it->second.twin;
}

void MemoryDeviceStore::put_twin(hub::TwinWrite write, Executor& reply_on, StoreReply reply) {
  const Outcome outcome = [&]() -> Outcome {
    const std::lock_guard lock(mutex_);
    const auto it = rows_.find(write.key);
    if (it == rows_.end() || it->second.identity.generation_id != write.generation_id) {
      return fail(StoreError::kNotFound);
    }
    std::optional<hub::Twin>& stored = it->second.twin;
    if ((stored ? stored->revision : 0) != write.twin.revision) return fail(StoreError::kVersionMismatch);
    stored = std::move(write.twin);
    ++stored->revision;
    return {};
  }();
  answer(reply_on, std::move(reply), outcome);
}

std::vector<hub::ScannedTwin> MemoryDeviceStore::scan_batch(Range& range) const {
  constexpr size_t kBatch = 64;
  const std::lock_guard lock(mutex_);
  std::vector<hub::ScannedTwin> out;
  for (auto it = rows_.upper_bound(range.after); it != rows_.end() && out.size() < kBatch; ++it) {
    if (it->first.is_module() != (range.kind == Kind::kModules) || (range.written_only && !it->second.twin)) continue;
    out.push_back({it->second.identity, it->second.twin});
    range.after = it->first;
  }
  return out;
}

// In batches, so that nobody waits for the lock while a row is visited.
Result<bool, StoreError> MemoryDeviceStore::scan(const Range& range,
                                                 const std::function<bool(hub::ScannedRow&)>& visit) const {
  Range rest = range;
  for (;;) {
    const std::vector<hub::ScannedTwin> batch = scan_batch(rest);
    if (batch.empty()) return true;
    for (const hub::ScannedTwin& found : batch) {
      hub::KnownRow row(found.identity, found.twin ? &*found.twin : nullptr);
      if (!visit(row)) return false;
    }
  }
}

std::vector<auth::Policy> MemoryDeviceStore::load_policies() const {
  const std::lock_guard lock(mutex_);
  return policies_;
}

void MemoryDeviceStore::save_policies(std::vector<auth::Policy> policies, Executor& reply_on, StoreReply reply) {
  {
    const std::lock_guard lock(mutex_);
    policies_ = std::move(policies);
  }
  answer(reply_on, std::move(reply), {});
}

std::optional<std::string> MemoryDeviceStore::load_setting(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto it = settings_.find(name);
  if (it == settings_.end()) return {};
  return it->second;
}

void MemoryDeviceStore::save_setting(const std::string& name, const std::string& value, Executor& reply_on,
                                     StoreReply reply) {
  {
    const std::lock_guard lock(mutex_);
    settings_[name] = value;
  }
  answer(reply_on, std::move(reply), {});
}

}  // namespace nave::store::memory
