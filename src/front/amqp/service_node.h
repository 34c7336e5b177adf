// What back ends attach to (reference/amqp.md §7): "/messages/devicebound", "/messages/serviceBound/feedback" and
// "/messages/serviceBound/filenotifications".
#pragma once

#include <memory>

#include "front/amqp/link_handler.h"
#include "hub/c2d/service.h"

namespace nave::front::amqp {

// `messages` outlives the node.
[[nodiscard]] std::unique_ptr<LinkNode> make_service_node(hub::C2dService& messages);

}  // namespace nave::front::amqp
