// The registry many identities at a time (reference/service-rest.md §8, §9).
#pragma once

#include <vector>

#include "front/http/router.h"
#include "hub/device/bulk.h"

namespace nave::front::http {

// Both outlive the routes.
[[nodiscard]] std::vector<Route> bulk_routes(hub::BulkRegistry& bulk, hub::Registry& registry);

}  // namespace nave::front::http
