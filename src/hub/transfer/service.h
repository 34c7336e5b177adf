// Import and export jobs of the registry (reference/service-rest.md §10.1): one at a time, durable, in turns on a
// thread of their own. An import that a crash broke off goes on behind the lines that are known to have taken place;
// the lines of the one batch that was on its way are done again. An export begins anew: its blob is seen only when it
// is whole.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "hub/device/bulk.h"
#include "hub/query/scan.h"
#include "hub/transfer/configuration_lines.h"
#include "hub/transfer/container.h"
#include "hub/transfer/job.h"
#include "hub/transfer/store.h"

namespace nave::hub {

// What jobs work with. All outlive the service; `configurations` may be nullptr: there are none.
struct TransferParts {
  TransferStore& store;
  const DeviceStore& devices;
  const TwinScan& scan;
  BulkRegistry& bulk;
  ContainerOpener& containers;
  Executor& worker;  // takes calls that block for seconds
  const Clock& clock;
  ConfigurationLines* configurations = nullptr;
};

// Thread-safe.
class TransferService {
 public:
  // Reads the jobs that are there. What is left on the worker does not run after it.
  TransferService(TransferParts parts, Metrics& metrics);
  ~TransferService();

  // Once, before the first job: those that a crash or a stop broke off go on.
  void resume();

  using JobReply = UniqueFunction<void(HubResult<TransferJob>)>;
  // Replies when storage was looked at and the job is durable. JobQuotaExceeded: one is open already. JobAlreadyExists.
  // BlobContainerValidationError.
  void create(TransferJob job, Executor& reply_on, JobReply reply);
  [[nodiscard]] HubResult<TransferJob> find(const std::string& id) const;
  // Oldest first.
  [[nodiscard]] std::vector<TransferJob> list() const;
  // JobNotFound. A job that has ended stays as it is; one that is open ends with its turn.
  [[nodiscard]] HubResult<void> cancel(const std::string& id);

  // Forgets what is older than kTransferHistoryDays.
  void on_tick();

 private:
  class Run;
  class ImportRun;
  class ExportRun;

  void begin(const TransferJob& job);
  [[nodiscard]] HubResult<void> validate(const TransferJob& job);
  // Keeps the state in memory and in the store. `done` runs on the worker.
  void save(const TransferJob& job, UniqueFunction<void(bool)> done);
  [[nodiscard]] bool is_cancelled() const;
  void end(TransferJob job, TransferStatus status, std::string why);

  const TransferParts parts_;
  Counter& completed_;
  Counter& failed_;
  Counter& lines_;
  Counter& line_errors_;

  mutable std::mutex mutex_;
  std::map<std::string, TransferJob> jobs_;
  std::string open_;  // id of the one that is open, or being created; empty: none
  bool cancelled_ = false;
  int64_t next_purge_ms_ = 0;
  std::shared_ptr<Run> run_;  // worker only
};

}  // namespace nave::hub
