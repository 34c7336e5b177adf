// Queries over twins (reference/service-rest.md §13), a page at a time.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/metrics.h"
#include "hub/device/registry.h"
#include "hub/query/scan.h"
#include "json/value.h"

namespace nave::hub {

class JobRows;  // hub/job/rows.h

struct QueryRequest {
  std::string text;
  size_t page_rows = 0;      // 0: the default; more than the most is the most
  std::string continuation;  // of the page before; empty: the first page
};

struct QueryPage {
  std::string body;            // a JSON array
  std::string_view item_type;  // "Twin", "Raw" or "DeviceJob"
  std::string continuation;    // empty: this was the last page
};

// Thread-safe. A query sees every write that was acknowledged before its page was asked for. It reads and evaluates on
// `worker`, in turns, so that queries share it.
class QueryService {
 public:
  // All outlive the service, and what is left on `worker` does not run after it.
  QueryService(const TwinScan& store, const Registry& registry, Executor& worker, const Clock& clock, Metrics& metrics);

  // While wiring, before anything is run: without them devices.jobs is empty. They outlive the service.
  void set_job_rows(const JobRows& rows) { job_rows_ = &rows; }

  using Reply = UniqueFunction<void(HubResult<QueryPage>)>;
  // The reply is posted to `reply_on`, never inside the call. ArgumentInvalid: a bad query or token, or too many
  // groups; GatewayTimeout: it takes too long; ThrottlingException: too many at one time.
  void run(QueryRequest request, Executor& reply_on, Reply reply);

  // What a query would do, without doing it (plan.h). ArgumentInvalid: a bad query.
  [[nodiscard]] HubResult<json::Object> explain(const std::string& text) const;

 private:
  class Run;
  void turn(std::unique_ptr<Run> run);

  const TwinScan& store_;
  const Registry& registry_;
  Executor& worker_;
  const Clock& clock_;
  const JobRows* job_rows_ = nullptr;
  Counter& success_;
  Counter& failure_;
  Counter& size_;
  std::atomic<size_t> open_{0};
};

}  // namespace nave::hub
