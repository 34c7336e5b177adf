// The body of a feedback batch (reference/amqp.md §7).
#pragma once

#include <string>
#include <vector>

#include "hub/c2d/command.h"

namespace nave::hub {

// A JSON array of one object per record, printable ASCII without a backslash: Java reads it through a text form that
// spells everything else as \xNN. Ids that need no escape arrive as they are; a quote, a backslash or a byte outside of
// printable ASCII in a message id (Azure allows none of them there) becomes '?'.
[[nodiscard]] std::string feedback_json(const std::vector<StoredFeedback>& records);

}  // namespace nave::hub
