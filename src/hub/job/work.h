// What a job does to one of its targets.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/shard_context.h"
#include "hub/errors.h"
#include "hub/job/job.h"
#include "hub/method/service.h"
#include "hub/ports.h"
#include "hub/twin/service.h"

namespace nave::hub {

// For one thread, `worker`'s. What is begun ends there, by a posted call.
class JobWork {
 public:
  struct Means {
    TwinStore& twin_store;
    TwinService& twins;
    MethodService& methods;
    std::vector<const ShardContext*> shards;  // where method calls live, in turn
    Executor& worker;
  };
  using Done = UniqueFunction<void(HubResult<std::optional<MethodAnswer>>)>;

  virtual ~JobWork() = default;

  // May be done only once, so that it must be on record before it begins.
  [[nodiscard]] virtual bool only_once() const = 0;
  // Is it as if it had been done? A hint, for work of which nobody knows whether it was.
  [[nodiscard]] virtual bool is_done(const IdentityKey& key) const = 0;
  // An answer only from a method. ThrottlingException: nothing has happened; ServiceUnavailable: the same, of a twin.
  virtual void begin(const IdentityKey& key, Done done) = 0;
};

// The means outlive the work. The order has been checked.
[[nodiscard]] HubResult<std::unique_ptr<JobWork>> make_job_work(const JobOrder& order, const JobWork::Means& means);

}  // namespace nave::hub
