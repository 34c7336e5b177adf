// A JobStore that forgets everything with the process.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "hub/job/store.h"

namespace nave::store::memory {

class MemoryJobStore final : public hub::JobStore {
 public:
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
  struct Entry {
    hub::Job job;
    std::map<IdentityKey, hub::JobRow> rows;
  };

  mutable std::mutex mutex_;
  std::map<uint64_t, Entry> jobs_;
  std::map<std::string, uint64_t> numbers_;
  uint64_t next_ = 1;
};

}  // namespace nave::store::memory
