// Which protocol speaks inside a WebSocket: chosen by sub-protocol, on the paths that SDKs dial
// (reference/device-mqtt-https.md §9, amqp.md §2).
#pragma once

#include "net/http.h"

namespace nave::app {

[[nodiscard]] net::WsUpgrader make_websocket_routes(net::HandlerFactory mqtt, net::HandlerFactory amqp);

}  // namespace nave::app
