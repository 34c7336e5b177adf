// Direct methods: the pair of links on which a device or module gets calls and answers them (reference/amqp.md §4, L4,
// and §6).
#pragma once

#include <memory>

#include "front/amqp/device_session.h"
#include "front/amqp/link_handler.h"
#include "hub/method/service.h"

namespace nave::front::amqp {

// Both outlive the node.
[[nodiscard]] std::unique_ptr<LinkNode> make_method_node(const DeviceServices& services, hub::MethodService& methods);

}  // namespace nave::front::amqp
