// The embedded JobStore: tables of the state database, written by its writer thread, read on a connection of their own,
// so that long reads of jobs and short ones of devices do not wait for each other.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "hub/job/store.h"
#include "store/embedded/sqlite/state_committer.h"

namespace nave::store::embedded {

class SqliteJobStore final : public hub::JobStore {
 public:
  // The file has the schema; `committer` writes to it and outlives the store. Throws DatabaseError.
  SqliteJobStore(const std::string& path, StateCommitter& committer);
  ~SqliteJobStore() override;

  void create_job(hub::JobOrder order, hub::JobState state, Executor& reply_on, hub::SequenceReply reply) override;
  void update_job(uint64_t number, hub::JobState state, std::vector<hub::JobRow> rows, Executor& reply_on,
                  hub::StoreReply reply) override;
  void erase_job(uint64_t number, size_t rows_max, Executor& reply_on, hub::StoreReply reply) override;
  [[nodiscard]] Result<std::optional<hub::Job>, hub::StoreError> load_job(const std::string& id) const override;
  [[nodiscard]] Result<std::vector<hub::Job>, hub::StoreError> load_jobs(uint64_t after, size_t jobs_max,
                                                                         size_t bytes_max) const override;
  [[nodiscard]] Result<std::vector<hub::Job>, hub::StoreError> load_unfinished_jobs() const override;
  [[nodiscard]] std::optional<uint64_t> find_ended_job(UtcTime time) const override;
  [[nodiscard]] Result<std::vector<hub::JobRow>, hub::StoreError> load_job_rows(uint64_t number,
                                                                                const IdentityKey& after,
                                                                                std::optional<hub::JobRowStatus> status,
                                                                                size_t rows_max,
                                                                                size_t bytes_max) const override;
  [[nodiscard]] Result<std::vector<hub::JobRow>, hub::StoreError> load_device_rows(
      uint64_t number, const std::string& device) const override;

 private:
  struct Connection;
  using JobsOrError = Result<std::vector<hub::Job>, hub::StoreError>;
  using RowsOrError = Result<std::vector<hub::JobRow>, hub::StoreError>;
  // Call with mutex_ held.
  [[nodiscard]] JobsOrError read_jobs(Rows rows, size_t jobs_max, size_t bytes_max) const;
  [[nodiscard]] RowsOrError read_rows(uint64_t number, Rows rows, size_t rows_max, size_t bytes_max) const;

  StateCommitter& committer_;
  mutable std::mutex mutex_;
  const std::unique_ptr<Connection> connection_;
};

}  // namespace nave::store::embedded
