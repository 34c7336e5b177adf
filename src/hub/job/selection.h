// Which devices or modules a job is for: those whose twin meets its condition.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "hub/device/registry.h"
#include "hub/query/plan.h"
#include "hub/query/scan.h"
#include "query/ast.h"

namespace nave::hub {

// For one thread.
class JobSelection {
 public:
  struct Sources {
    const TwinScan& scan;
    const TwinStore& twins;
    const Registry& registry;
  };
  // The error is the job's failure reason. The sources outlive the selection.
  [[nodiscard]] static Result<JobSelection, std::string> parse(std::string_view condition, const Sources& sources);

  struct Batch {
    std::vector<IdentityKey> targets;
    size_t looked_at = 0;
    IdentityKey to;    // go on behind this
    bool end = false;  // there are no more
  };
  // The next ones behind `after`, in the order of their keys; takes some milliseconds. A condition that names the
  // devices it is for looks at no others.
  [[nodiscard]] Result<Batch, StoreError> next(const IdentityKey& after) const;

 private:
  JobSelection(query::Statement statement, const Sources& sources);
  [[nodiscard]] bool is_target(const Identity& identity, const std::optional<Twin>& twin) const;
  [[nodiscard]] bool is_target(ScannedRow& row) const;
  [[nodiscard]] Result<Batch, StoreError> scan(const IdentityKey& after) const;
  [[nodiscard]] Result<Batch, StoreError> named_devices(const IdentityKey& after) const;
  [[nodiscard]] Result<Batch, StoreError> modules_of_named(const IdentityKey& after) const;

  query::Statement statement_;
  Sources sources_;
  QueryPlan plan_;
  std::optional<std::vector<std::string>> devices_;  // sorted: no other meets the condition
};

}  // namespace nave::hub
