#include "front/amqp/twin_node.h"

#include <utility>

#include "front/amqp/twin_link.h"

namespace nave::front::amqp {
namespace {

class TwinNode final : public LinkNode {
 public:
  TwinNode(const DeviceServices& services, hub::TwinService& twins) : services_(services), twins_(twins) {}

  bool attach(Connection& connection, wire::amqp::Link& link, const Address& address) override {
    const auto key = device_of(address, {"twin"});
    if (!key) return false;
    auto session = join_or_refuse(connection, services_, *key, link);
    if (!session) return true;
    session->twin().add(connection, link);
    wire::amqp::AttachReply reply = make_pair_reply(link);
    reply.credit = kTwinCredit;
    if (link.role() == wire::amqp::Role::kReceiver) {
      link.set_context(std::make_unique<TwinRequestLink>(connection, std::move(session), link.id(), twins_));
    } else {
      link.set_context(std::make_unique<TwinAnswerLink>(connection, std::move(session), link.id(), twins_));
    }
    link.accept(std::move(reply));
    return true;
  }

 private:
  const DeviceServices& services_;
  hub::TwinService& twins_;
};

}  // namespace

std::unique_ptr<LinkNode> make_twin_node(const DeviceServices& services, hub::TwinService& twins) {
  return std::make_unique<TwinNode>(services, twins);
}

}  // namespace nave::front::amqp
