// The changes of the state database, each as one step inside the transaction that the caller has open. Knows rows, not
// when to commit or whom to tell: that is the committer's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hub/ports.h"
#include "store/embedded/sqlite/command_writer.h"
#include "store/embedded/sqlite/configuration_rows.h"
#include "store/embedded/sqlite/database.h"
#include "store/embedded/sqlite/identity_cache.h"
#include "store/embedded/sqlite/job_writer.h"

namespace nave::store::embedded {

// One thread.
class StateWriter {
 public:
  using Outcome = Result<void, hub::StoreError>;
  using Counts = hub::DeviceStore::Counts;

  // `database` has the schema. Throws DatabaseError.
  StateWriter(Database& database, uint64_t identities_max);

  // A transaction: begin(), steps, commit(). After a false from begin() or commit() nothing of it is kept.
  [[nodiscard]] bool begin();
  [[nodiscard]] bool commit();
  void rollback();

  // Each takes place whole or not at all, whatever becomes of the other steps. kUnavailable is an SQL error.
  [[nodiscard]] Outcome apply(const std::vector<hub::IdentityWrite>& writes);
  [[nodiscard]] Outcome save_session(const IdentityKey& key, const std::optional<hub::MqttSession>& session);
  [[nodiscard]] Outcome put_twin(const hub::TwinWrite& write);
  [[nodiscard]] Outcome save_policies(const std::vector<auth::Policy>& policies);
  [[nodiscard]] Outcome save_setting(const std::string& name, const std::string& value);
  // For the changes of their headers, each to be made inside step().
  [[nodiscard]] CommandWriter& commands() { return commands_; }
  [[nodiscard]] ConfigurationWriter& configurations() { return configurations_; }
  // The same for job_writer.h's.
  [[nodiscard]] JobWriter& jobs() { return jobs_; }
  // Runs `body`, which returns an Outcome, between SAVEPOINT and RELEASE, or takes its effects back.
  template <class Body>
  [[nodiscard]] Outcome step(Body body);
  // Nothing happens if there is no such identity.
  [[nodiscard]] Outcome write_activity(const IdentityKey& key, const Activity& activity);

  // As of the steps so far; after rollback(), as of the last commit.
  [[nodiscard]] const Counts& counts() const { return counts_; }
  // Identities written since begin().
  [[nodiscard]] const std::vector<Touched>& touched() const { return touched_; }

 private:
  Outcome apply_one(const hub::IdentityWrite& write);
  Outcome room_for(const IdentityKey& key, int64_t& created);
  Outcome put(const hub::Identity& identity, bool present, bool was_enabled);
  // The revision of the stored row, 0 without one.
  Outcome find_revision(const IdentityKey& key, uint64_t& revision);
  Outcome replace_twin(const IdentityKey& key, hub::Twin twin);
  Outcome write_twin(const IdentityKey& key, const hub::Twin& twin);
  Outcome erase(const IdentityKey& key, bool was_enabled);
  Outcome erase_modules(const std::string& device);

  Database& database_;
  CommandWriter commands_;
  ConfigurationWriter configurations_;
  JobWriter jobs_;
  const uint64_t identities_max_;
  Counts counts_;
  Counts committed_counts_;
  std::vector<Touched> touched_;

  Statement begin_, commit_, rollback_;
  Statement savepoint_, release_, rollback_to_;
  Statement find_, siblings_, insert_, update_, erase_, erase_modules_, activity_;
  Statement put_session_, erase_session_, erase_device_sessions_;
  Statement find_generation_, find_twin_, put_twin_, erase_twin_, erase_device_twins_;
  Statement erase_policies_, insert_policy_, put_setting_, put_total_;
};

template <class Body>
StateWriter::Outcome StateWriter::step(Body body) {
  if (!database_.in_transaction() || !savepoint_.run()) return fail(hub::StoreError::kUnavailable);
  const Counts counts_before = counts_;
  const size_t touched_before = touched_.size();
  Outcome outcome = body();
  if (!outcome) {
    counts_ = counts_before;
    touched_.resize(touched_before);
    if (!database_.in_transaction() || !rollback_to_.run()) return fail(hub::StoreError::kUnavailable);
  }
  if (!release_.run()) return fail(hub::StoreError::kUnavailable);
  return outcome;
}

}  // namespace nave::store::embedded
