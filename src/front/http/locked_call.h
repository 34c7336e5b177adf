// Settling over HTTP: which lock a request means (reference/device-mqtt-https.md §8.3), for messages and feedback
// alike.
#pragma once

#include <string_view>

#include "front/http/router.h"
#include "hub/c2d/lock_token.h"
#include "hub/c2d/outcome.h"
#include "hub/errors.h"

namespace nave::front::http {

// The token of the path. If-Match is optional, quoted or not; C#'s abandon spells the header IfMatch.
// PreconditionFailed if it names another lock, DeviceMessageLockLost for what cannot be one.
[[nodiscard]] hub::HubResult<hub::LockToken> lock_of(const net::HttpRequest& request, std::string_view path_token);

// Of a DELETE: reject if the query has the name `reject`, or Java's `?reject`.
[[nodiscard]] hub::C2dOutcome delete_outcome(const net::HttpRequest& request);

// 204, or the error.
[[nodiscard]] UniqueFunction<void(hub::HubResult<void>)> settled_reply(Reply reply);

}  // namespace nave::front::http
