// A whole hub as lines of JSON, for `nave state` (docs/protocol/rest.md). Not part of IoT Hub's API, and for policies
// that have every right: the lines hold all keys.
#pragma once

#include <vector>

#include "front/http/router.h"
#include "hub/state/service.h"

namespace nave::front::http {

// `state` outlives the routes.
[[nodiscard]] std::vector<Route> state_routes(hub::StateService& state);

}  // namespace nave::front::http
