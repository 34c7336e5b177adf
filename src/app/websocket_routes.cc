#include "app/websocket_routes.h"

#include <utility>

#include "base/url.h"

namespace nave::app {
namespace {

// SDKs send '$' as it is; a proxy may have encoded it. A trailing slash is .NET's.
bool is_websocket_path(std::string_view path) {
  std::string decoded = percent_decode(path);
  if (decoded.ends_with('/')) decoded.pop_back();
  return equals_ignore_case(decoded, "/$iothub/websocket") || equals_ignore_case(decoded, "/$servicebus/websocket");
}

}  // namespace

net::WsUpgrader make_websocket_routes(net::HandlerFactory mqtt, net::HandlerFactory amqp) {
  return
      [mqtt = std::move(mqtt), amqp = std::move(amqp)](std::string_view path, const std::vector<std::string>& offered,
                                                       const ShardContext& shard) -> std::optional<net::WsUpgrade> {
        if (!is_websocket_path(path)) return {};
        for (const std::string& subprotocol : offered) {
          // The C SDK writes MQTT in capitals and expects them back.
          if (equals_ignore_case(subprotocol, "mqtt")) return net::WsUpgrade{subprotocol, mqtt(shard)};
          if (equals_ignore_case(subprotocol, "AMQPWSB10")) return net::WsUpgrade{subprotocol, amqp(shard)};
        }
        return {};
      };
}

}  // namespace nave::app
