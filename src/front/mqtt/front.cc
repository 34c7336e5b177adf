#include "front/mqtt/front.h"

#include <memory>
#include <utility>

#include "front/mqtt/connection.h"
#include "front/mqtt/shared.h"

namespace nave::front::mqtt {

net::HandlerFactory make_mqtt_factory(MqttServices services) {
  return [shared = std::make_shared<Shared>(std::move(services))](const ShardContext& shard) {
    return std::make_unique<Connection>(shared, shard);
  };
}

}  // namespace nave::front::mqtt
