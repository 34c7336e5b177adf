// Automatic configurations and Edge deployments (reference/service-rest.md §15).
#pragma once

#include <vector>

#include "front/http/router.h"
#include "hub/configuration/service.h"

namespace nave::front::http {

// `configurations` outlives the routes.
[[nodiscard]] std::vector<Route> configuration_routes(hub::ConfigurationService& configurations);

}  // namespace nave::front::http
