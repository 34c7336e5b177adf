// The port that jobs are kept behind: orders, their progress, and a row for each target.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "hub/job/job.h"
#include "hub/ports.h"

namespace nave::hub {

// Thread-safe. Reads see every write whose reply was given; they may take milliseconds, so they are not for a shard.
// Replies run on the given executor, after the change is durable. What is submitted on one thread takes place in that
// order. A damaged row is left out.
class JobStore {
 public:
  virtual ~JobStore() = default;

  // Replies the job's number. kAlreadyExists: there is one of this id.
  virtual void create_job(JobOrder order, JobState state, Executor& reply_on, SequenceReply reply) = 0;
  // Sets the state and puts the rows, new ones or in the place of those with the same key: all of it or nothing.
  // kNotFound: no such job.
  virtual void update_job(uint64_t number, JobState state, std::vector<JobRow> rows, Executor& reply_on,
                          StoreReply reply) = 0;
  // Removes `rows_max` of the job's rows, or what is left of them and then the job. One that is gone does not matter.
  virtual void erase_job(uint64_t number, size_t rows_max, Executor& reply_on, StoreReply reply) = 0;

  [[nodiscard]] virtual Result<std::optional<Job>, StoreError> load_job(const std::string& id) const = 0;
  // Those behind number `after`, in order. At most `jobs_max`, and none further once they have about `bytes_max` bytes.
  // Empty: there are no more.
  [[nodiscard]] virtual Result<std::vector<Job>, StoreError> load_jobs(uint64_t after, size_t jobs_max,
                                                                       size_t bytes_max) const = 0;
  // Those that have not ended, in order.
  [[nodiscard]] virtual Result<std::vector<Job>, StoreError> load_unfinished_jobs() const = 0;
  // The first that ended before `time`.
  [[nodiscard]] virtual std::optional<uint64_t> find_ended_job(UtcTime time) const = 0;
  // Rows behind `after`, ordered by the bytes of device id and module id, of one status if that is given; as many as
  // load_jobs() would.
  [[nodiscard]] virtual Result<std::vector<JobRow>, StoreError> load_job_rows(uint64_t number, const IdentityKey& after,
                                                                              std::optional<JobRowStatus> status,
                                                                              size_t rows_max,
                                                                              size_t bytes_max) const = 0;
  // Those of a device and its modules, in order.
  [[nodiscard]] virtual Result<std::vector<JobRow>, StoreError> load_device_rows(uint64_t number,
                                                                                 const std::string& device) const = 0;
};

// What counts towards bytes_max.
[[nodiscard]] inline size_t counted_bytes(const Job& job) {
  return job.order.condition.size() + job.order.content.size() + job.state.failure_reason.size();
}
[[nodiscard]] inline size_t counted_bytes(const JobRow& row) {
  return row.key.device.size() + row.key.module.size() + (row.answer ? row.answer->payload.size() : 0) +
         row.error_text.size();
}

}  // namespace nave::hub
