// The table of import and export jobs (docs/formats/state-db.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hub/transfer/job.h"
#include "store/embedded/sqlite/database.h"

namespace nave::store::embedded {

inline constexpr std::string_view kTransferTable = R"sql(
CREATE TABLE transfer (
  job_id TEXT NOT NULL PRIMARY KEY,
  record TEXT NOT NULL,
  checksum INTEGER NOT NULL
) WITHOUT ROWID;
)sql";

// One thread, inside the transaction that the caller has open.
class TransferWriter {
 public:
  // `database` has the schema. Throws DatabaseError.
  explicit TransferWriter(Database& database);
  // False on an error.
  [[nodiscard]] bool put(const hub::TransferJob& job);
  [[nodiscard]] bool remove(const std::vector<std::string>& ids);

 private:
  Statement put_, remove_;
};

// One thread at a time.
class TransferReader {
 public:
  explicit TransferReader(Database& database);
  [[nodiscard]] std::vector<hub::TransferJob> all();

 private:
  Database& database_;
  Statement all_;
};

}  // namespace nave::store::embedded
