// MQTT 3.1.1 for devices and modules: what the app needs to put it on a listener or inside a WebSocket.
#pragma once

#include <vector>

#include "base/metrics.h"
#include "hub/device/authenticator.h"
#include "hub/fault/injection.h"
#include "hub/hub_info.h"
#include "hub/method/service.h"
#include "hub/ports.h"
#include "hub/session/directory.h"
#include "hub/telemetry/ingest.h"
#include "hub/twin/service.h"
#include "net/transport.h"

namespace nave::front::mqtt {

// Everything outlives the connections.
struct MqttServices {
  const hub::Authenticator& authenticator;
  hub::SessionDirectory& directory;
  hub::DeviceStore& store;
  const hub::HubInfo& hub;
  Metrics& metrics;
  std::vector<hub::Ingest*> ingests;  // by ShardId: one for every shard that connections are accepted on
  hub::TwinService& twins;
  hub::MethodService& methods;
  hub::FaultInjection* faults = nullptr;  // only in a hub that was switched on for it
};

// Copies of the factory share their state, so one serves the listener on 8883 and the WebSocket route; any shard may
// call it.
[[nodiscard]] net::HandlerFactory make_mqtt_factory(MqttServices services);

}  // namespace nave::front::mqtt
