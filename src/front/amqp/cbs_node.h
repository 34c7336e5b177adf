// $cbs: claims-based security (reference/amqp.md §3). Clients put tokens here before they attach anything else, and
// again before the tokens expire.
#pragma once

#include "front/amqp/request_node.h"

namespace nave::front::amqp {

class CbsNode final : public RequestNode {
 public:
  bool attach(Connection& connection, wire::amqp::Link& link, const Address& address) override;
  [[nodiscard]] NodeReply answer(Connection& connection, const wire::amqp::MessageView& request) override;
  [[nodiscard]] LinkKind request_kind() const override { return LinkKind::kCbsRequest; }
  [[nodiscard]] LinkKind reply_kind() const override { return LinkKind::kCbsReply; }
};

}  // namespace nave::front::amqp
