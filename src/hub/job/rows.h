// The collection devices.jobs: the rows of all jobs, in the order of the jobs and of their targets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "hub/job/store.h"
#include "json/value.h"
#include "query/ast.h"

namespace nave::hub {

// Behind the row of `key` in job `number`.
struct JobRowPosition {
  uint64_t number = 0;
  IdentityKey key;
};

// What a condition says of the only rows that can meet it.
struct JobRowFilter {
  std::optional<std::string> job_id;
  std::optional<std::string> device_id;
};
[[nodiscard]] JobRowFilter job_row_filter_of(const query::Statement& statement);

struct JobRowDocument {
  JobRowPosition at;
  json::Value value;
};

// Thread-safe. A read takes some milliseconds.
class JobRows {
 public:
  // Both outlive the rows.
  JobRows(const JobStore& store, Metrics& metrics);

  struct Batch {
    std::vector<JobRowDocument> documents;
    JobRowPosition to;  // go on behind this
    bool end = false;   // there are no more
  };
  // Rows behind `after` that pass the filter.
  [[nodiscard]] Result<Batch, StoreError> next(const JobRowFilter& filter, const JobRowPosition& after) const;

  // Of a query's page.
  void count(bool ok) const { (ok ? success_ : failure_).add(); }

 private:
  [[nodiscard]] Result<std::vector<Job>, StoreError> jobs_from(const JobRowFilter& filter, uint64_t number) const;
  [[nodiscard]] Result<std::vector<JobRow>, StoreError> rows_of(const Job& job, const JobRowFilter& filter,
                                                                const IdentityKey& after) const;

  const JobStore& store_;
  Counter& success_;
  Counter& failure_;
};

}  // namespace nave::hub
