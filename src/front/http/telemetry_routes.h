// Device-to-cloud telemetry over HTTPS (reference/device-mqtt-https.md §8): answered with 204 when everything in the
// request is on stable storage. A request is no connection: it neither ends the identity's session elsewhere nor begins
// one.
#pragma once

#include <vector>

#include "front/http/router.h"
#include "hub/session/directory.h"
#include "hub/telemetry/ingest.h"

namespace nave::front::http {

// The ingests, by ShardId, and `directory` outlive the routes, which are destroyed when no shard runs any more.
[[nodiscard]] std::vector<Route> telemetry_routes(hub::SessionDirectory& directory, std::vector<hub::Ingest*> ingests);

}  // namespace nave::front::http
