// The addresses of the Event-Hubs-compatible endpoint (reference/amqp.md §9): receivers, $management, and the redirect
// from messages/events on the IoT hub.
#pragma once

#include <memory>

#include "front/amqp/link_handler.h"
#include "front/eventhub/event_hub.h"

namespace nave::front::eventhub {

// For the Router; `event_hub` outlives every connection.
[[nodiscard]] std::unique_ptr<amqp::LinkNode> make_event_hub_node(EventHub& event_hub);

}  // namespace nave::front::eventhub
