// The opening handshake of a WebSocket, as the clients in reference/device-mqtt-https.md §9 need it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace nave::net {

[[nodiscard]] bool is_ws_upgrade(const HttpRequest& request);

struct WsOffer {
  std::string key;
  std::vector<std::string> subprotocols;  // as spelled by the client, in its order
};
// The error is a text for the client.
[[nodiscard]] Result<WsOffer, std::string> parse_ws_offer(const HttpRequest& request);

// The whole 101 response. `subprotocol` empty: the line is left out.
[[nodiscard]] std::string ws_accept_response(std::string_view key, std::string_view subprotocol);

}  // namespace nave::net
