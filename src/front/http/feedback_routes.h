// Feedback over HTTPS, for back ends (reference/service-rest.md §16).
#pragma once

#include <vector>

#include "front/http/router.h"
#include "hub/c2d/feedback.h"
#include "hub/hub_info.h"

namespace nave::front::http {

// Both outlive the routes.
[[nodiscard]] std::vector<Route> feedback_routes(hub::FeedbackQueue& feedback, const hub::HubInfo& hub);

}  // namespace nave::front::http
