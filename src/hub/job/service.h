// Scheduled jobs as the service API uses them (reference/service-rest.md §14): orders, answers, and the clock that
// starts, ends and forgets them.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "hub/job/limits.h"
#include "hub/job/pace.h"
#include "hub/job/run.h"
#include "hub/query/service.h"

namespace nave::hub {

// Which jobs, and which page of them.
struct JobListRequest {
  std::string type;    // empty: any; the case of letters does not count
  std::string status;  // the same
  size_t page_rows = 0;
  std::string continuation;
};

// Thread-safe: everything happens on the worker, one thing after the other. Replies are posted to `reply_on`.
//
// A job of which somebody was told is on disk. Jobs that had not ended when the process did go on in the next one.
class JobService {
 public:
  // All outlive the service; nothing of it runs any more, on `work.worker` or anywhere else, when it goes.
  struct Means {
    JobStore& store;
    JobSelection::Sources sources;
    JobWork::Means work;
    const Clock& clock;
  };
  JobService(const Means& means, const JobOptions& options, Metrics& metrics);
  ~JobService();
  JobService(const JobService&) = delete;
  JobService& operator=(const JobService&) = delete;

  // Goes on with what an earlier process left. Once, before anything else.
  void start();
  // Any thread. No target is begun with any more, those that are come to their end: for the end of the process.
  void stop() { stopping_ = true; }
  // About once a second, on any thread.
  void on_tick();

  template <class Answer>
  using Reply = UniqueFunction<void(HubResult<Answer>)>;
  // Each answers the job as JSON text. JobAlreadyExists, ThrottlingMaxActiveJobCountExceeded, or what is wrong with it.
  void create(JobOrder order, Executor& reply_on, Reply<std::string> reply);
  // A job that there is not is answered as well, as one of unknown type and status.
  void find(std::string id, Executor& reply_on, Reply<std::string> reply);
  // Before it has begun. JobNotFound; OperationNotAllowedInCurrentState.
  void cancel(std::string id, Executor& reply_on, Reply<std::string> reply);
  // In the order of their creation.
  void list(JobListRequest request, Executor& reply_on, Reply<QueryPage> reply);

 private:
  struct Active;
  struct Counters {
    Counter& success;
    Counter& failure;
  };
  // On the worker, with a reply that counts and goes to its executor.
  template <class Answer, class Act>
  void ask(const Counters& counters, Executor& reply_on, Reply<Answer> reply, Act act);
  [[nodiscard]] static Counters make_counters(Metrics& metrics, const std::string& name, const std::string& what);

  void do_create(JobOrder order, Reply<std::string> reply);
  void on_created(const std::string& id, HubResult<uint64_t> number, Reply<std::string> reply);
  void do_cancel(const std::string& id, Reply<std::string> reply);
  void on_cancelled(const std::string& id, const Job& job, bool stored, Reply<std::string> reply);
  [[nodiscard]] HubResult<std::string> do_find(const std::string& id) const;
  [[nodiscard]] HubResult<QueryPage> do_list(const JobListRequest& request) const;
  [[nodiscard]] std::string text_of(const Job& job) const;
  void begin(Active& active);
  void on_ended(const std::string& id);
  void tick();
  void forget_old();

  const Means means_;
  const JobOptions options_;
  Pace pace_;
  std::atomic<bool> stopping_{false};
  const JobRun::Means run_means_;
  const Counters creates_twin_;
  const Counters creates_method_;
  const Counters cancels_;
  const Counters lists_;
  Counter& completed_;
  Counter& failed_;
  Gauge& active_count_;
  std::atomic<bool> tick_posted_{false};
  std::atomic<size_t> requests_{0};

  // The worker's.
  std::map<std::string, Active> active_;  // by id: jobs that have not ended
  bool forgetting_ = false;
};

}  // namespace nave::hub
