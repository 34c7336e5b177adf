#include "front/amqp/c2d_node.h"

#include <utility>

#include "front/amqp/c2d_link.h"

namespace nave::front::amqp {
namespace {

using wire::amqp::Link;

class C2dNode final : public LinkNode {
 public:
  C2dNode(const DeviceServices& services, hub::C2dService& messages) : services_(services), messages_(messages) {}

  bool attach(Connection& connection, Link& link, const Address& address) override {
    if (link.role() != wire::amqp::Role::kSender) return false;
    const auto key = device_of(address, {"messages", "deviceBound"});
    if (!key) return false;
    auto session = join_or_refuse(connection, services_, *key, link);
    if (!session) return true;
    session->c2d().add(connection, link);
    // As the real hub, whatever was asked: C# counts on the second step, and the others settle in one.
    wire::amqp::AttachReply reply = link.make_reply();
    reply.snd_settle_mode = std::nullopt;
    reply.rcv_settle_mode = wire::amqp::RcvSettleMode::kSecond;
    link.set_context(std::make_unique<C2dLink>(connection, std::move(session), link.id(), messages_));
    link.accept(std::move(reply));
    return true;
  }

 private:
  const DeviceServices& services_;
  hub::C2dService& messages_;
};

class InputNode final : public LinkNode {
 public:
  explicit InputNode(const DeviceServices& services) : services_(services) {}

  bool attach(Connection& connection, Link& link, const Address& address) override {
    if (link.role() != wire::amqp::Role::kSender) return false;
    const auto key = device_of(address, {"messages", "events"});
    if (!key || !key->is_module()) return false;
    auto session = join_or_refuse(connection, services_, *key, link);
    if (!session) return true;
    wire::amqp::AttachReply reply = link.make_reply();
    reply.snd_settle_mode = std::nullopt;
    reply.rcv_settle_mode = wire::amqp::RcvSettleMode::kFirst;
    link.set_context(std::make_unique<DeviceLink>(connection, std::move(session), link.id()));
    link.accept(std::move(reply));
    return true;
  }

 private:
  const DeviceServices& services_;
};

}  // namespace

std::unique_ptr<LinkNode> make_c2d_node(const DeviceServices& services, hub::C2dService& messages) {
  return std::make_unique<C2dNode>(services, messages);
}

std::unique_ptr<LinkNode> make_input_node(const DeviceServices& services) {
  return std::make_unique<InputNode>(services);
}

}  // namespace nave::front::amqp
