// A device or module on an AMQP connection. Many of them share one connection (C# and Java pool devices); each has one
// DeviceSession, which all of its links share: telemetry, and whatever else the identity attaches. It holds the
// identity in the hub's SessionDirectory from the first link to the last, and ends these links alone when the identity
// connects elsewhere or loses its right: the connection and its other devices go on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/metrics.h"
#include "front/amqp/link_pair.h"
#include "hub/device/authenticator.h"
#include "hub/fault/injection.h"
#include "hub/fault/pending.h"
#include "hub/session/directory.h"
#include "hub/twin/service.h"
#include "wire/amqp/link.h"

namespace nave::front::amqp {

class Connection;
class DeviceLink;
class Grants;
enum class LinkKind : uint8_t;

// What the nodes of device links share; made once, outlives every connection.
struct DeviceServices {
  DeviceServices(hub::SessionDirectory& sessions, hub::TwinService& twin_service, const hub::HubInfo& hub_info,
                 Metrics& metrics);

  hub::SessionDirectory& directory;
  hub::TwinService& twins;
  const hub::HubInfo& hub;
  Gauge& devices;
  hub::FaultInjection* faults = nullptr;  // only in a hub that was switched on for it
};

// All on the shard of the connection. Shared by the handlers of its links, which come and go in any order; it is over
// with the last of them, or with end().
class DeviceSession final : public hub::Session,
                            public std::enable_shared_from_this<DeviceSession>,
                            private hub::FaultTarget {
 public:
  // Adds `link`, which is being attached, to the session of `key` on this connection. The first link makes the session:
  // whoever else was connected as `key` is told to end. Fails if nothing that the peer has proven lets it act for `key`
  // as the registry stands now, or if the link names a model that cannot be one.
  [[nodiscard]] static hub::HubResult<std::shared_ptr<DeviceSession>> join(Connection& connection,
                                                                           const DeviceServices& services,
                                                                           const IdentityKey& key,
                                                                           const wire::amqp::Link& link);
  // The link is gone. With the last one the identity is free again.
  void leave(wire::amqp::LinkId link);

  DeviceSession(Connection& connection, const DeviceServices& services, const hub::DeviceGrant& grant);
  ~DeviceSession() override;

  [[nodiscard]] const IdentityKey& key() const { return origin_.identity; }
  [[nodiscard]] const hub::TelemetryOrigin& origin() const { return origin_; }
  [[nodiscard]] hub::TwinService::Caller caller() const { return {key(), origin_.generation_id}; }
  // Do the connection's grants still speak for the identity?
  [[nodiscard]] bool authorized(const Grants& grants) const;
  // A sign of life; noted at most once a second.
  void note_activity();

  // The links of its twin and of its methods, and the one of its messages, which is a pair without requests.
  [[nodiscard]] LinkPair& twin() { return twin_; }
  [[nodiscard]] LinkPair& methods() { return methods_; }
  [[nodiscard]] LinkPair& c2d() { return c2d_; }

  // Fault injection on request (injected_faults.cc): how an operation of the identity is refused at this moment, and
  // whether a telemetry message that was taken asks for a fault.
  [[nodiscard]] std::optional<hub::ErrorCode> injected_refusal() const;
  void look_for_fault_request(const hub::EventView& message);

  void end(hub::EndReason reason) override;
  // By the newest token: a client may have gone over to its other key before this one was changed.
  [[nodiscard]] bool still_authorized(const hub::Identity& identity) const override;
  void on_desired_changed(const hub::DesiredChange& change) override;
  void on_c2d_available() override;
  [[nodiscard]] hub::MethodDelivery deliver_method(const hub::MethodCommand& command, hub::MethodReply& reply) override;

 private:
  void claim();
  void set_model_id(std::string model_id);
  void retire();
  // Null if that link does not live.
  [[nodiscard]] DeviceLink* device_link(wire::amqp::LinkId link) const;
  void detach_links(const wire::amqp::Error& error);

  void suffer(const hub::FaultRequest& fault) override;
  void end_own_amqp_sessions(const wire::amqp::Error& error);
  void shut_down_amqp();
  void detach_links_of(LinkKind kind, const wire::amqp::Error& error);

  Connection& connection_;
  const DeviceServices& services_;
  hub::TelemetryOrigin origin_;
  std::vector<wire::amqp::LinkId> links_;
  LinkPair twin_;
  LinkPair methods_;
  LinkPair c2d_;
  std::shared_ptr<hub::SessionLink> session_link_;  // shared with the directory; null before claim() and after retire()
  hub::SessionDirectory::Claim claim_ = 0;
  int64_t noted_ms_ = 0;
  std::unique_ptr<hub::PendingFaults> faults_;  // from the first request for a fault on
};

// The live sessions of one connection. They enter and remove themselves.
using DeviceSessions = std::unordered_map<IdentityKey, DeviceSession*>;

}  // namespace nave::front::amqp
