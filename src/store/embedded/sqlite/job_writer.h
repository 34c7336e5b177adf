// The changes of jobs, as parts of a step of the StateWriter.
#pragma once

#include <cstdint>
#include <vector>

#include "hub/job/store.h"
#include "store/embedded/sqlite/database.h"

namespace nave::store::embedded {

// One thread, inside the transaction that the caller has open. After an error the caller takes the step back.
class JobWriter {
 public:
  using Outcome = Result<void, hub::StoreError>;

  // `database` has the schema. Throws DatabaseError.
  explicit JobWriter(Database& database);

  // `number`: the one it got.
  [[nodiscard]] Outcome create(const hub::JobOrder& order, const hub::JobState& state, uint64_t& number);
  [[nodiscard]] Outcome update(uint64_t number, const hub::JobState& state, const std::vector<hub::JobRow>& rows);
  [[nodiscard]] Outcome erase(uint64_t number, size_t rows_max);

 private:
  [[nodiscard]] bool put_row(uint64_t number, const hub::JobRow& row);

  Database& database_;
  Statement find_, create_, create_state_, update_state_, put_row_, erase_rows_, erase_state_, erase_job_;
};

}  // namespace nave::store::embedded
