// The registry's part of the service API: devices, modules, statistics (reference/service-rest.md §2, rows 1, 4–6, 10,
// 11, 19, 20).
#pragma once

#include <vector>

#include "front/http/router.h"
#include "hub/device/registry.h"

namespace nave::front::http {

// `registry` outlives the routes.
[[nodiscard]] std::vector<Route> identity_routes(hub::Registry& registry);

}  // namespace nave::front::http
