// Runtime information about the event hub and its partitions: the READ operation of $management
// (reference/amqp.md §9.5). The decision only; links and bytes are RequestNode's.
#pragma once

#include <string_view>

#include "front/amqp/node_reply.h"
#include "front/eventhub/event_hub.h"

namespace nave::front::eventhub {

struct ManagementRequest {
  std::string_view operation;
  std::string_view type;
  std::string_view name;
  std::string_view partition;
  std::string_view security_token;  // empty: none
};

// `authorized`: the connection's grants already allow it; otherwise the request's own token must.
[[nodiscard]] amqp::NodeReply answer(const ManagementRequest& request, EventHub& event_hub, bool authorized,
                                     UtcTime now);

}  // namespace nave::front::eventhub
