// Twins: the pair of links on which a device or module reads and reports (reference/amqp.md §4, L3, and §5).
#pragma once

#include <memory>

#include "front/amqp/device_session.h"
#include "front/amqp/link_handler.h"
#include "hub/twin/service.h"

namespace nave::front::amqp {

// Both outlive the node.
[[nodiscard]] std::unique_ptr<LinkNode> make_twin_node(const DeviceServices& services, hub::TwinService& twins);

}  // namespace nave::front::amqp
