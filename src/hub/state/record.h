// What a whole hub consists of, one record at a time (docs/formats/state-lines.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "auth/policy.h"
#include "hub/configuration/configuration.h"
#include "hub/errors.h"
#include "hub/query/scan.h"

namespace nave::hub {

// The first line: which format this is.
struct StateHead {
  bool operator==(const StateHead&) const = default;
};

// An identity is a ScannedTwin: with its twin, exactly as they are stored but for the times of its activity.
// A configuration is without its ETag and times: they are made anew.
using StateRecord = std::variant<StateHead, auth::Policy, ScannedTwin, Configuration>;

// One line of JSON, without its end. The same record gives the same bytes.
[[nodiscard]] std::string state_line(const StateRecord& record);
// Holds the record to the rules that a client's write is held to.
[[nodiscard]] HubResult<StateRecord> read_state_line(std::string_view line);

}  // namespace nave::hub
