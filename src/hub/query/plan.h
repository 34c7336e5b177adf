// How the twins that a query asks for are found.
#pragma once

#include "hub/query/scan.h"
#include "query/ast.h"

namespace nave::hub {

struct QueryPlan {
  TwinScan::Kind kind = TwinScan::Kind::kDevices;
  // No identity whose twin was never written can match.
  bool written_only = false;
  // What it selects needs of those that match.
  bool needs_identity = false;
  bool needs_twin = false;
};

// Puts the parts of `statement`'s condition that cost least first, where their order does not matter: what reads the
// twin alone before what needs the identity, or the other way round. Not for devices.jobs.
[[nodiscard]] QueryPlan make_plan(query::Statement& statement);

}  // namespace nave::hub
