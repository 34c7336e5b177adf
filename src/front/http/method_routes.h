// Direct methods (reference/service-rest.md §12): a request that is answered when the device has answered.
#pragma once

#include <vector>

#include "front/http/router.h"
#include "hub/method/service.h"

namespace nave::front::http {

// `methods` outlives the routes.
[[nodiscard]] std::vector<Route> method_routes(hub::MethodService& methods);

}  // namespace nave::front::http
