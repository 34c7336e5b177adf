// Cloud-to-device messages over HTTPS: sent and purged by back ends, received and settled by devices and modules.
#pragma once

#include <vector>

#include "front/http/router.h"
#include "hub/c2d/service.h"
#include "hub/session/directory.h"

namespace nave::front::http {

// Both outlive the routes.
[[nodiscard]] std::vector<Route> c2d_routes(hub::C2dService& c2d, hub::SessionDirectory& directory);

}  // namespace nave::front::http
