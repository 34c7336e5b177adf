// What a caller may order (reference/service-rest.md §14.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "hub/errors.h"
#include "hub/job/job.h"
#include "hub/method/rules.h"
#include "hub/twin/change.h"
#include "json/value.h"

namespace nave::hub {

// A body as it was read: everything but `created`, with `start` kNever for "now".
//
// ArgumentInvalid, ArgumentNull or GenericBadRequest say what is wrong with it; PreconditionFailed that the condition
// is too long. What the condition says is not looked at: a bad one fails the job later, as with the service.
[[nodiscard]] HubResult<JobOrder> read_job_order(std::string_view id, const json::Object& body);

// At the moment of its creation: sets `created`, and `start` to now if that is not in the future. ArgumentInvalid: too
// far ahead.
[[nodiscard]] HubResult<void> time_job_order(JobOrder& order, UtcTime now);

// What stands in JobOrder::content, which read_job_order() has checked.
[[nodiscard]] HubResult<TwinInput> twin_input_of(const JobOrder& order);
[[nodiscard]] HubResult<MethodInput> method_input_of(const JobOrder& order);

}  // namespace nave::hub
