// Import and export jobs (reference/service-rest.md §10.1).
#pragma once

#include <vector>

#include "front/http/router.h"
#include "hub/transfer/service.h"

namespace nave::front::http {

// `transfers` outlives the routes.
[[nodiscard]] std::vector<Route> transfer_routes(hub::TransferService& transfers);

}  // namespace nave::front::http
