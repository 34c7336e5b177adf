// A job that is at work: selects its targets, deals with each, and keeps on record how far it is.
//
// First every target gets a row, in batches, with the place where the selection goes on; then the rows are worked off.
// What became of a target counts once it is durable, and a target on record as dealt with is never touched again. After
// a crash the run goes on where the record ends:
//  - of twin changes that were not yet on record, those that the twin shows already are taken as done;
//  - methods are on record as running before they are sent, so that none is sent twice: a row that is still running was
//    sent, perhaps, by a process that is gone, and fails.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "hub/job/limits.h"
#include "hub/job/pace.h"
#include "hub/job/selection.h"
#include "hub/job/store.h"
#include "hub/job/work.h"

namespace nave::hub {

// For one thread, the worker's. Lives as long as something is under way for it.
class JobRun final : public std::enable_shared_from_this<JobRun> {
 public:
  // All outlive the run and what is posted for it.
  struct Means {
    JobStore& store;
    JobSelection::Sources sources;
    JobWork::Means work;
    const Clock& clock;
    Pace& pace;
    const JobOptions& options;
    const std::atomic<bool>& stopping;  // begin with nothing any more
  };
  using Ended = UniqueFunction<void()>;
  // A job of which the store has `job`: a new one, or one that another process has begun. `ended` is called once.
  JobRun(const Means& means, Job job, Ended ended);
  ~JobRun();
  JobRun(const JobRun&) = delete;
  JobRun& operator=(const JobRun&) = delete;

  void start();
  // About once a second: goes on, and tries again what could not be done.
  void on_tick();

  // As it is on disk.
  [[nodiscard]] const Job& job() const { return job_; }
  // Targets that are being dealt with.
  [[nodiscard]] uint64_t running() const { return open_.size(); }

 private:
  enum class Phase : uint8_t { kSettle, kSelect, kWork, kEnded };
  struct Update;

  void turn();
  void go_on();
  // Each does one turn's part; true: there is more to do at once.
  bool settle();
  bool select();
  bool work();
  bool read_ahead();
  void begin(JobRow row);
  void send(const IdentityKey& key, JobRow row);
  void on_done(const IdentityKey& key, HubResult<std::optional<MethodAnswer>> result);
  void keep(JobRow row, HubResult<std::optional<MethodAnswer>> result);

  // Writes what has come together, unless that is being done.
  void write();
  [[nodiscard]] bool wants_to_write() const;
  void submit(Update update);
  void on_written(Result<void, StoreError> outcome);
  void look_at_the_time();
  void stop(std::string reason);
  [[nodiscard]] bool is_done() const;
  [[nodiscard]] size_t unrecorded() const;
  [[nodiscard]] size_t open_max() const;

  const Means& means_;
  Job job_;
  Ended ended_;
  Phase phase_ = Phase::kSelect;
  std::optional<JobSelection> selection_;
  std::unique_ptr<JobWork> work_;
  bool posted_ = false;
  std::string stop_reason_;  // not empty: nothing new is begun

  // Selecting.
  IdentityKey selected_to_;
  bool selected_ = false;
  size_t looked_at_ = 0;  // since the last write

  // Working.
  IdentityKey read_to_;
  bool read_all_ = false;
  std::deque<JobRow> ahead_;
  std::map<IdentityKey, JobRow> open_;
  std::vector<JobRow> again_;   // could not be begun: on the next tick
  std::vector<JobRow> claims_;  // to be sent once they are on record
  size_t to_look_at_ = 0;       // rows, of which another process may have dealt with some

  // Rows to be written, and those that are being written.
  std::vector<JobRow> outcomes_;
  std::unique_ptr<Update> update_;
  bool update_failed_ = false;
};

}  // namespace nave::hub
