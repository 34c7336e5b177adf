#include "front/amqp/service_node.h"

#include <utility>

#include "base/log.h"
#include "front/amqp/errors.h"
#include "front/amqp/service_link.h"

namespace nave::front::amqp {
namespace {

using wire::amqp::Link;
using wire::amqp::Role;

constexpr uint32_t kSendCredit = 1000;

class ServiceNode final : public LinkNode {
 public:
  explicit ServiceNode(hub::C2dService& messages) : messages_(messages) {}

  bool attach(Connection& connection, Link& link, const Address& address) override {
    std::unique_ptr<LinkHandler> handler;
    if (link.role() == Role::kReceiver && address.matches({"messages", "devicebound"})) {
      handler = std::make_unique<C2dSendLink>(connection, link.id(), messages_);
    } else if (link.role() == Role::kSender && address.matches({"messages", "servicebound", "feedback"})) {
      handler = std::make_unique<FeedbackLink>(connection, link.id(), messages_.feedback());
    } else if (link.role() == Role::kSender && address.matches({"messages", "servicebound", "filenotifications"})) {
      handler = std::make_unique<FileNotificationLink>();
    } else {
      return false;
    }
    if (!handler->authorized(connection.grants())) {
      link.refuse(make_error(hub::ErrorCode::kIotHubUnauthorizedAccess, connection.utc()));
      return true;
    }
    wire::amqp::AttachReply reply = link.make_reply();
    reply.credit = kSendCredit;
    link.set_context(std::move(handler));
    link.accept(std::move(reply));
    return true;
  }

 private:
  hub::C2dService& messages_;
};

}  // namespace

std::unique_ptr<LinkNode> make_service_node(hub::C2dService& messages) {
  return std::make_unique<ServiceNode>(messages);
}

}  // namespace nave::front::amqp
