#include "front/amqp/method_node.h"

#include <utility>

#include "front/amqp/method_link.h"

namespace nave::front::amqp {
namespace {

constexpr uint32_t kResponseCredit = 1000;  // what the real hub gives

class MethodNode final : public LinkNode {
 public:
  MethodNode(const DeviceServices& services, hub::MethodService& methods) : services_(services), methods_(methods) {}

  bool attach(Connection& connection, wire::amqp::Link& link, const Address& address) override {
    const auto key = device_of(address, {"methods", "deviceBound"});
    if (!key) return false;
    auto session = join_or_refuse(connection, services_, *key, link);
    if (!session) return true;
    session->methods().add(connection, link);
    wire::amqp::AttachReply reply = make_pair_reply(link);
    reply.credit = kResponseCredit;
    if (link.role() == wire::amqp::Role::kReceiver) {
      link.set_context(std::make_unique<MethodResponseLink>(connection, std::move(session), link.id()));
    } else {
      link.set_context(std::make_unique<MethodRequestLink>(connection, std::move(session), link.id(), methods_));
    }
    link.accept(std::move(reply));
    return true;
  }

 private:
  const DeviceServices& services_;
  hub::MethodService& methods_;
};

}  // namespace

std::unique_ptr<LinkNode> make_method_node(const DeviceServices& services, hub::MethodService& methods) {
  return std::make_unique<MethodNode>(services, methods);
}

}  // namespace nave::front::amqp
