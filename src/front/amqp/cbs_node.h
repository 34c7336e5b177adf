// $cbs: claims-based security (reference/amqp.md §3). Clients put tokens here before they attach anything else, and
// again before the tokens expire.
#pragma once

#include "front/amqp/request_node.h"

namespace nave::front::amqp {

class CbsNode final : public RequestNode {
 public:
  bool attach(Connection& connection, wire::amqp::Link& link, const Address& address) override;
  [[nodiscard]] NodeReply answer(Connection& connection, const wire::amqp::MessageView& request) override;
};

}  // namespace nave::front::amqp
