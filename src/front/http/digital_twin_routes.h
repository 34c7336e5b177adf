// Digital twins and their commands (reference/service-rest.md §2, rows 16 to 18; §17).
#pragma once

#include <vector>

#include "front/http/router.h"
#include "hub/hub_info.h"
#include "hub/method/service.h"
#include "hub/twin/service.h"

namespace nave::front::http {

// All outlive the routes.
[[nodiscard]] std::vector<Route> digital_twin_routes(hub::TwinService& twins, hub::MethodService& methods,
                                                     const hub::HubInfo& hub);

}  // namespace nave::front::http
