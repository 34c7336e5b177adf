// A request/response node: the peer sends requests on one link and gets the replies on another ($cbs, $management;
// reference/amqp.md §3, §9.5).
#pragma once

#include "front/amqp/connection.h"
#include "front/amqp/link_handler.h"
#include "front/amqp/node_reply.h"
#include "wire/amqp/message.h"

namespace nave::front::amqp {

// Thread-safe as every LinkNode; a subclass owns the addresses and gives the answers.
class RequestNode : public LinkNode {
 public:
  // Decides one request. Views live during the call.
  [[nodiscard]] virtual NodeReply answer(Connection& connection, const wire::amqp::MessageView& request) = 0;
  // May links of this node stay? The answers can check for themselves.
  [[nodiscard]] virtual bool authorized(const Grants&) const { return true; }
  // LinkHandler::kind() of the two halves.
  [[nodiscard]] virtual LinkKind request_kind() const { return LinkKind::kOther; }
  [[nodiscard]] virtual LinkKind reply_kind() const { return LinkKind::kOther; }

 protected:
  // Accepts either half of the pair: requests when the peer sends, replies when it receives.
  void accept(Connection& connection, wire::amqp::Link& link);
};

}  // namespace nave::front::amqp
