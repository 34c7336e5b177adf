// What every link of a device or module has in common: its address, and its share in the DeviceSession.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "front/amqp/connection.h"
#include "front/amqp/device_session.h"
#include "front/amqp/link_handler.h"

namespace nave::front::amqp {

class DeviceLink : public LinkHandler {
 public:
  DeviceLink(Connection& connection, std::shared_ptr<DeviceSession> session, wire::amqp::LinkId id)
      : connection_(connection), session_(std::move(session)), id_(id) {}

  [[nodiscard]] bool authorized(const Grants& grants) const override { return session_->authorized(grants); }
  // Whoever overrides it calls it last.
  void on_detach() override { session_->leave(id_); }

  // What the hub has for the identity; the link that it is for is told. The connection is flushed afterwards.
  virtual void on_desired_changed(const hub::DesiredChange&) {}
  virtual void on_c2d_available() {}
  [[nodiscard]] virtual hub::MethodDelivery deliver_method(const hub::MethodCommand&, hub::MethodReply&) {
    return hub::MethodDelivery::kNotReady;
  }

 protected:
  [[nodiscard]] Connection& connection() const { return connection_; }
  [[nodiscard]] DeviceSession& session() const { return *session_; }
  [[nodiscard]] wire::amqp::LinkId id() const { return id_; }
  // Null once the link has ended.
  [[nodiscard]] wire::amqp::Link* link() const { return connection_.machine().find(id_); }

 private:
  Connection& connection_;
  std::shared_ptr<DeviceSession> session_;  // shared with the identity's other links
  wire::amqp::LinkId id_;
};

// The identity of an address "/devices/{d}{tail}" or "/devices/{d}/modules/{m}{tail}"; `tail` is literals that compare
// ignoring case, such as {"messages", "events"}. nullopt: another kind of address.
[[nodiscard]] std::optional<IdentityKey> device_of(const Address& address,
                                                   std::initializer_list<std::string_view> tail);

// The session that `link`, which is being attached, joins; null if the link was refused.
[[nodiscard]] std::shared_ptr<DeviceSession> join_or_refuse(Connection& connection, const DeviceServices& services,
                                                            const IdentityKey& key, wire::amqp::Link& link);

// Refuses the link with the condition of the error; why a credential was refused is for the log alone.
void refuse_device_link(Connection& connection, wire::amqp::Link& link, const IdentityKey& key,
                        const hub::Error& error);

// The answer to an attach of a twin or method link: everything on it is settled when sent, as on the real hub.
[[nodiscard]] wire::amqp::AttachReply make_pair_reply(const wire::amqp::Link& link);

// 16 bytes, as the real hub's tags have: several SDKs take them for a GUID.
[[nodiscard]] std::string delivery_tag(uint64_t number);

}  // namespace nave::front::amqp
