// Links on which devices and modules receive messages: those of back ends (reference/amqp.md §4, L2), and the inputs of
// a module (L5).
#pragma once

#include <memory>

#include "front/amqp/device_session.h"
#include "front/amqp/link_handler.h"
#include "hub/c2d/service.h"

namespace nave::front::amqp {

// Both outlive the node.
[[nodiscard]] std::unique_ptr<LinkNode> make_c2d_node(const DeviceServices& services, hub::C2dService& messages);

// Nothing routes messages to inputs: the link is there, counts as presence, and stays silent.
[[nodiscard]] std::unique_ptr<LinkNode> make_input_node(const DeviceServices& services);

}  // namespace nave::front::amqp
