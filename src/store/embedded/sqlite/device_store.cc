#include "store/embedded/sqlite/device_store.h"

#include "store/embedded/sqlite/schema.h"
#include "store/embedded/sqlite/twin_index.h"

namespace nave::store::embedded {

using hub::Identity;
using hub::IdentityWrite;
using hub::MqttSession;
using hub::StoreReply;

namespace {

std::unique_ptr<Database> open_writer(const SqliteDeviceStore::Options& options) {
  std::unique_ptr<Database> out = open_state_database(options.path, options.durability);
  add_twin_value_function(*out);
  establish_twin_indexes(*out, options.indexes);
  return out;
}

}  // namespace

SqliteDeviceStore::SqliteDeviceStore(const Options& options, Metrics& metrics)
    : cache_(options.cached_identities, limits::kStatePendingActivityMax),
      committer_(open_writer(options), options.identities_max, options.activity_flush_ms, cache_, metrics),
      readers_(options.path),
      scanner_(options.path, options.indexes, cache_),
      jobs_(options.path, committer_) {}

std::optional<Identity> SqliteDeviceStore::find(const IdentityKey& key) const {
  IdentityCache::Lookup cached = cache_.find(key);
  if (cached.hit) return std::move(cached.hit);
  std::optional<Identity> stored = readers_.find(key);
  if (stored) cache_.fill(*stored, cached.epoch);
  return stored;
}

std::vector<Identity> SqliteDeviceStore::list_devices(size_t top) const {
  std::vector<Identity> out = readers_.list_devices(top);
  for (Identity& identity : out) cache_.overlay(identity);
  return out;
}

std::vector<Identity> SqliteDeviceStore::list_modules(const std::string& device) const {
  std::vector<Identity> out = readers_.list_modules(device);
  for (Identity& identity : out) cache_.overlay(identity);
  return out;
}

hub::DeviceStore::Counts SqliteDeviceStore::counts() const {
  return committer_.counts();
}

void SqliteDeviceStore::apply(std::vector<IdentityWrite> writes, Executor& reply_on, StoreReply reply) {
  const size_t cost = writes.size();
  committer_.submit([writes = std::move(writes)](StateWriter& w) { return w.apply(writes); }, cost, reply_on,
                    std::move(reply));
}

void SqliteDeviceStore::note_activity(const IdentityKey& key, UtcTime connection_state_updated, UtcTime last_activity) {
  cache_.note(key, {connection_state_updated, last_activity});
}

std::optional<MqttSession> SqliteDeviceStore::load_mqtt_session(const IdentityKey& key) const {
  return readers_.session(key);
}

void SqliteDeviceStore::save_mqtt_session(const IdentityKey& key, std::optional<MqttSession> session,
                                          Executor& reply_on, StoreReply reply) {
  committer_.submit([key, session](StateWriter& w) { return w.save_session(key, session); }, 1, reply_on,
                    std::move(reply));
}

Result<std::optional<hub::Twin>, hub::StoreError> SqliteDeviceStore::load_twin(const IdentityKey& key) const {
  return readers_.twin(key);
}

void SqliteDeviceStore::put_twin(hub::TwinWrite write, Executor& reply_on, StoreReply reply) {
  committer_.submit([write = std::move(write)](StateWriter& w) { return w.put_twin(write); }, 1, reply_on,
                    std::move(reply));
}

Result<bool, hub::StoreError> SqliteDeviceStore::scan(const Range& range,
                                                      const std::function<bool(hub::ScannedRow&)>& visit) const {
  return scanner_.scan(range, visit);
}

std::vector<auth::Policy> SqliteDeviceStore::load_policies() const {
  return readers_.policies();
}

void SqliteDeviceStore::save_policies(std::vector<auth::Policy> policies, Executor& reply_on, StoreReply reply) {
  const size_t cost = policies.size() + 1;
  committer_.submit([policies = std::move(policies)](StateWriter& w) { return w.save_policies(policies); }, cost,
                    reply_on, std::move(reply));
}

std::optional<std::string> SqliteDeviceStore::load_setting(const std::string& name) const {
  return readers_.setting(name);
}

void SqliteDeviceStore::save_setting(const std::string& name, const std::string& value, Executor& reply_on,
                                     StoreReply reply) {
  committer_.submit([name, value](StateWriter& w) { return w.save_setting(name, value); }, 1, reply_on,
                    std::move(reply));
}

}  // namespace nave::store::embedded
