// What every link of a device or module has in common: its address, and its share in the DeviceSession.
#pragma once

#include <memory>
#include <optional>
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

 protected:
  [[nodiscard]] Connection& connection() const { return connection_; }
  [[nodiscard]] DeviceSession& session() const { return *session_; }
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

// Refuses the link with the condition of the error; why a credential was refused is for the log alone.
void refuse_device_link(Connection& connection, wire::amqp::Link& link, const IdentityKey& key,
                        const hub::Error& error);

}  // namespace nave::front::amqp
