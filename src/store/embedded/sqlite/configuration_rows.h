// The table of configurations (docs/formats/state-db.md): its changes as parts of a step of the StateWriter, and its
// reads for the ReaderPool.
#pragma once

#include <string>
#include <vector>

#include "hub/configuration/store.h"
#include "store/embedded/sqlite/database.h"

namespace nave::store::embedded {

// One thread, inside the transaction that the caller has open.
class ConfigurationWriter {
 public:
  using Outcome = Result<void, hub::StoreError>;

  // `database` has the schema. Throws DatabaseError.
  explicit ConfigurationWriter(Database& database);

  [[nodiscard]] Outcome put(const hub::Configuration& configuration);
  [[nodiscard]] Outcome erase(const std::string& id);

 private:
  Statement put_, erase_;
};

// For whoever holds the lock of `database`.
class ConfigurationReader {
 public:
  explicit ConfigurationReader(Database& database);
  [[nodiscard]] Result<std::vector<hub::Configuration>, hub::StoreError> load();

 private:
  Database& database_;
  Statement load_;
};

}  // namespace nave::store::embedded
