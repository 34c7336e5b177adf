#include "store/embedded/sqlite/state_writer.h"

#include "base/limits.h"
#include "store/embedded/sqlite/rows.h"
#include "store/embedded/sqlite/twin_record.h"

namespace nave::store::embedded {

using hub::Identity;
using hub::IdentityWrite;
using hub::StoreError;

namespace {

StateWriter::Outcome done_if(bool ok) {
  if (!ok) return fail(StoreError::kUnavailable);
  return {};
}

StateWriter::Counts load_counts(Database& database) {
  StateWriter::Counts out;
  out.devices = static_cast<uint64_t>(database.integer_or_throw("SELECT devices FROM total"));
  out.enabled_devices = static_cast<uint64_t>(database.integer_or_throw("SELECT enabled_devices FROM total"));
  out.modules = static_cast<uint64_t>(database.integer_or_throw("SELECT modules FROM total"));
  return out;
}

bool same(const StateWriter::Counts& a, const StateWriter::Counts& b) {
  return a.devices == b.devices && a.enabled_devices == b.enabled_devices && a.modules == b.modules;
}

}  // namespace

StateWriter::StateWriter(Database& database, uint64_t identities_max)
    : database_(database),
      commands_(database),
      configurations_(database),
      jobs_(database),
      identities_max_(identities_max),
      counts_(load_counts(database)),
      committed_counts_(counts_),
      begin_(database, "BEGIN IMMEDIATE"),
      commit_(database, "COMMIT"),
      rollback_(database, "ROLLBACK"),
      savepoint_(database, "SAVEPOINT step"),
      release_(database, "RELEASE step"),
      rollback_to_(database, "ROLLBACK TO step"),
      find_(database, "SELECT etag, enabled FROM identity WHERE device_id = ?1 AND module_id = ?2"),
      siblings_(database,
                "SELECT count(*), coalesce(max(created), 0), coalesce(max(module_id = ''), 0) FROM identity "
                "WHERE device_id = ?1"),
      insert_(database,
              "INSERT INTO identity (" + std::string(kIdentityColumns) +
                  ", created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "
                  "?19, ?20)"),
      update_(database,
              "UPDATE identity SET generation_id = ?3, etag = ?4, enabled = ?5, status_reason = ?6, status_updated = "
              "?7, auth_type = ?8, primary_key = ?9, secondary_key = ?10, primary_thumbprint = ?11, "
              "secondary_thumbprint = ?12, iot_edge = ?13, device_scope = ?14, parent_scopes = ?15, managed_by = ?16, "
              "checksum = ?17 WHERE device_id = ?1 AND module_id = ?2"),
      erase_(database, "DELETE FROM identity WHERE device_id = ?1 AND module_id = ?2"),
      erase_modules_(database, "DELETE FROM identity WHERE device_id = ?1 AND module_id <> '' RETURNING module_id"),
      activity_(database,
                "UPDATE identity SET connection_state_updated = ?3, last_activity = ?4 WHERE device_id = ?1 AND "
                "module_id = ?2"),
      put_session_(database,
                   "INSERT OR REPLACE INTO mqtt_session (device_id, module_id, filters, qos1, checksum) VALUES (?1, "
                   "?2, ?3, ?4, ?5)"),
      erase_session_(database, "DELETE FROM mqtt_session WHERE device_id = ?1 AND module_id = ?2"),
      erase_device_sessions_(database, "DELETE FROM mqtt_session WHERE device_id = ?1"),
      find_generation_(database, "SELECT generation_id FROM identity WHERE device_id = ?1 AND module_id = ?2"),
      find_twin_(database, "SELECT record FROM twin WHERE device_id = ?1 AND module_id = ?2"),
      put_twin_(database,
                "INSERT INTO twin (device_id, module_id, record) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET "
                "record = ?3"),
      erase_twin_(database, "DELETE FROM twin WHERE device_id = ?1 AND module_id = ?2"),
      erase_device_twins_(database, "DELETE FROM twin WHERE device_id = ?1"),
      erase_policies_(database, "DELETE FROM policy"),
      insert_policy_(database,
                     "INSERT INTO policy (position, name, rights, primary_key, secondary_key, checksum) VALUES (?1, "
                     "?2, ?3, ?4, ?5, ?6)"),
      put_setting_(database, "INSERT OR REPLACE INTO setting (name, value, checksum) VALUES (?1, ?2, ?3)"),
      put_total_(database, "UPDATE total SET devices = ?1, enabled_devices = ?2, modules = ?3") {}

bool StateWriter::begin() {
  touched_.clear();
  return begin_.run();
}

bool StateWriter::commit() {
  bool ok = database_.in_transaction();
  if (ok && !same(counts_, committed_counts_)) {
    ok = put_total_.run(static_cast<int64_t>(counts_.devices), static_cast<int64_t>(counts_.enabled_devices),
                        static_cast<int64_t>(counts_.modules));
  }
  if (ok && commit_.run()) {
    committed_counts_ = counts_;
    return true;
  }
  rollback();
  return false;
}

void StateWriter::rollback() {
  // An error may have rolled back already; then there is nothing left to do.
  if (database_.in_transaction()) (void)rollback_.run();
  counts_ = committed_counts_;
  touched_.clear();
}

StateWriter::Outcome StateWriter::apply(const std::vector<IdentityWrite>& writes) {
  return step([&]() -> Outcome {
    for (const IdentityWrite& write : writes) {
      if (Outcome outcome = apply_one(write); !outcome) return outcome;
    }
    return {};
  });
}

StateWriter::Outcome StateWriter::apply_one(const IdentityWrite& write) {
  const IdentityKey& key = write.identity.key;
  bool present = false;
  bool was_enabled = false;
  uint64_t etag = 0;
  {
    Rows row = find_.rows(key.device, key.module);
    present = row.next();
    if (row.failed()) return fail(StoreError::kUnavailable);
    if (present) {
      etag = static_cast<uint64_t>(row.integer(0));
      was_enabled = row.integer(1) != 0;
    }
  }
  if (write.expect == IdentityWrite::Expect::kAbsent) {
    if (present) return fail(StoreError::kAlreadyExists);
  } else {
    if (!present) return fail(StoreError::kNotFound);
    if (write.expect == IdentityWrite::Expect::kEtag && etag != write.expected_etag) {
      return fail(StoreError::kVersionMismatch);
    }
  }
  // Erasing what is expected to be absent is a no-op.
  if (write.kind == IdentityWrite::Kind::kErase) return present ? erase(key, was_enabled) : Outcome();
  if (Outcome outcome = put(write.identity, present, was_enabled); !outcome || !write.twin) return outcome;
  return replace_twin(key, *write.twin);
}

StateWriter::Outcome StateWriter::room_for(const IdentityKey& key, int64_t& created) {
  if (key.is_module()) {
    Rows row = siblings_.rows(key.device);
    if (!row.next()) return fail(StoreError::kUnavailable);
    if (row.integer(2) == 0) return fail(StoreError::kParentNotFound);
    if (row.integer(0) - 1 >= static_cast<int64_t>(limits::kModulesPerDeviceMax)) return fail(StoreError::kLimit);
    created = row.integer(1) + 1;
  }
  if (counts_.devices + counts_.modules >= identities_max_) return fail(StoreError::kLimit);
  return {};
}

StateWriter::Outcome StateWriter::put(const Identity& identity, bool present, bool was_enabled) {
  const hub::Authentication& a = identity.authentication;
  const std::string parents = join_list(identity.parent_scopes);
  const int64_t checksum = identity_checksum(identity, parents);
  const auto etag = static_cast<int64_t>(identity.etag);
  const auto type = static_cast<int64_t>(a.type);
  const int64_t enabled = identity.enabled ? 1 : 0;
  const int64_t iot_edge = identity.iot_edge ? 1 : 0;
  const int64_t status_updated = ticks_of(identity.status_updated);
  bool ok = false;
  if (present) {
    ok = update_.run(identity.key.device, identity.key.module, identity.generation_id, etag, enabled,
                     identity.status_reason, status_updated, type, a.primary_key, a.secondary_key, a.primary_thumbprint,
                     a.secondary_thumbprint, iot_edge, identity.device_scope, parents, identity.managed_by, checksum);
  } else {
    int64_t created = 0;
    if (Outcome room = room_for(identity.key, created); !room) return room;
    ok = insert_.run(identity.key.device, identity.key.module, identity.generation_id, etag, enabled,
                     identity.status_reason, status_updated, type, a.primary_key, a.secondary_key, a.primary_thumbprint,
                     a.secondary_thumbprint, iot_edge, identity.device_scope, parents, identity.managed_by,
                     ticks_of(identity.connection_state_updated), ticks_of(identity.last_activity), checksum, created);
  }
  if (!ok) return fail(StoreError::kUnavailable);
  touched_.push_back({identity.key, !present});
  if (identity.key.is_module()) {
    counts_.modules += present ? 0 : 1;
  } else {
    counts_.devices += present ? 0 : 1;
    counts_.enabled_devices += uint64_t{identity.enabled} - uint64_t{was_enabled};  // may wrap to minus one
  }
  return {};
}

StateWriter::Outcome StateWriter::erase(const IdentityKey& key, bool was_enabled) {
  if (!erase_.run(key.device, key.module)) return fail(StoreError::kUnavailable);
  touched_.push_back({key, true});
  if (key.is_module()) {
    --counts_.modules;
    return done_if(erase_session_.run(key.device, key.module) && erase_twin_.run(key.device, key.module) &&
                   commands_.erase(key));
  }
  --counts_.devices;
  if (was_enabled) --counts_.enabled_devices;
  if (Outcome outcome = erase_modules(key.device); !outcome) return outcome;
  return done_if(erase_device_sessions_.run(key.device) && erase_device_twins_.run(key.device) && commands_.erase(key));
}

StateWriter::Outcome StateWriter::erase_modules(const std::string& device) {
  Rows rows = erase_modules_.rows(device);
  while (rows.next()) {
    touched_.push_back({{device, std::string(rows.text(0))}, true});
    --counts_.modules;
  }
  return done_if(!rows.failed());
}

StateWriter::Outcome StateWriter::save_session(const IdentityKey& key, const std::optional<hub::MqttSession>& session) {
  return step([&]() -> Outcome {
    if (!session) return done_if(erase_session_.run(key.device, key.module));
    {
      Rows row = find_.rows(key.device, key.module);
      if (!row.next()) return fail(row.failed() ? StoreError::kUnavailable : StoreError::kNotFound);
    }
    return done_if(put_session_.run(key.device, key.module, int64_t{session->filters}, int64_t{session->qos1},
                                    session_checksum(key, *session)));
  });
}

StateWriter::Outcome StateWriter::put_twin(const hub::TwinWrite& write) {
  return step([&]() -> Outcome {
    const auto& [device, module] = write.key;
    {
      Rows row = find_generation_.rows(device, module);
      const bool there = row.next();
      if (row.failed()) return fail(StoreError::kUnavailable);
      if (!there || row.text(0) != write.generation_id) return fail(StoreError::kNotFound);
    }
    uint64_t stored = 0;
    if (Outcome outcome = find_revision(write.key, stored); !outcome) return outcome;
    if (stored != write.twin.revision) return fail(StoreError::kVersionMismatch);
    return write_twin(write.key, write.twin);
  });
}

StateWriter::Outcome StateWriter::find_revision(const IdentityKey& key, uint64_t& revision) {
  Rows row = find_twin_.rows(key.device, key.module);
  revision = 0;
  if (!row.next()) return done_if(!row.failed());
  const auto twin = read_twin_record(key.device, key.module, row.blob(0));
  if (!twin) return fail(StoreError::kDamaged);
  revision = twin->revision;
  return {};
}

StateWriter::Outcome StateWriter::replace_twin(const IdentityKey& key, hub::Twin twin) {
  if (Outcome outcome = find_revision(key, twin.revision); !outcome) return outcome;
  return write_twin(key, twin);
}

StateWriter::Outcome StateWriter::write_twin(const IdentityKey& key, const hub::Twin& twin) {
  hub::Twin next = twin;
  ++next.revision;
  return done_if(put_twin_.run(key.device, key.module, Blob{write_twin_record(key, next)}));
}

StateWriter::Outcome StateWriter::save_policies(const std::vector<auth::Policy>& policies) {
  return step([&]() -> Outcome {
    bool ok = erase_policies_.run();
    int64_t position = 0;
    for (const auth::Policy& p : policies) {
      ok = ok && insert_policy_.run(position++, p.name, int64_t{p.rights.bits()}, p.primary_key, p.secondary_key,
                                    policy_checksum(p));
    }
    return done_if(ok);
  });
}

StateWriter::Outcome StateWriter::save_setting(const std::string& name, const std::string& value) {
  return step([&] { return done_if(put_setting_.run(name, value, setting_checksum(name, value))); });
}

StateWriter::Outcome StateWriter::write_activity(const IdentityKey& key, const Activity& activity) {
  return done_if(activity_.run(key.device, key.module, ticks_of(activity.connection_state_updated),
                               ticks_of(activity.last_activity)));
}

}  // namespace nave::store::embedded
