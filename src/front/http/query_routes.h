// POST /devices/query (reference/service-rest.md §13).
#pragma once

#include <vector>

#include "front/http/router.h"
#include "hub/query/service.h"

namespace nave::front::http {

// `queries` outlives the routes.
[[nodiscard]] std::vector<Route> query_routes(hub::QueryService& queries);

}  // namespace nave::front::http
