// Device-to-cloud telemetry: links on which a device or module sends (reference/amqp.md §4, L1, and §4.1). A delivery
// is accepted when everything in it is on stable storage, and rejected when nothing of it is taken.
#pragma once

#include <memory>
#include <vector>

#include "front/amqp/device_session.h"
#include "front/amqp/link_handler.h"
#include "hub/telemetry/ingest.h"

namespace nave::front::amqp {

// `services` and the ingests, by ShardId, outlive the node.
[[nodiscard]] std::unique_ptr<LinkNode> make_telemetry_node(const DeviceServices& services,
                                                            std::vector<hub::Ingest*> ingests);

}  // namespace nave::front::amqp
