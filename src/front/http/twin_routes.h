// Device and module twins in the service API (reference/service-rest.md §2, rows 12 and 13; §11).
#pragma once

#include <vector>

#include "front/http/router.h"
#include "hub/twin/service.h"

namespace nave::front::http {

// `twins` outlives the routes.
[[nodiscard]] std::vector<Route> twin_routes(hub::TwinService& twins);

}  // namespace nave::front::http
