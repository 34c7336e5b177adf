// Scheduled jobs (reference/service-rest.md §14).
#pragma once

#include <vector>

#include "front/http/router.h"
#include "hub/job/service.h"

namespace nave::front::http {

// "jobs/v2/query" stands before the job of that name. `jobs` outlives the routes.
[[nodiscard]] std::vector<Route> job_routes(hub::JobService& jobs);

}  // namespace nave::front::http
