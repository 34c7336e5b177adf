// How the twins that a query asks for are found.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hub/query/scan.h"
#include "json/value.h"
#include "query/ast.h"

namespace nave::hub {

struct QueryPlan {
  TwinScan::Kind kind = TwinScan::Kind::kDevices;
  // No identity whose twin was never written can match.
  bool written_only = false;
  // Only those that an index names; then written_only as well.
  std::optional<TwinScan::Range::Match> match;
  // What it selects needs of those that match.
  bool needs_identity = false;
  bool needs_twin = false;
};

// Puts the parts of `statement`'s condition that cost least first, where their order does not matter: what reads the
// twin alone before what needs the identity, or the other way round. Not for devices.jobs.
[[nodiscard]] QueryPlan make_plan(query::Statement& statement, const std::vector<IndexedPath>& indexes);

// The plan for who asks what a query will do: "collection", "reads" (one sentence), "index" (null without one),
// "rowsMost" (how many identities or twins may be looked at; null where nobody knows), "order".
[[nodiscard]] json::Object explain(const QueryPlan& plan, const query::Statement& statement,
                                   const std::vector<IndexedPath>& indexes, const DeviceStore::Counts& counts);

}  // namespace nave::hub
