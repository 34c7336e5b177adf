// Fault injection on request: what a device asked to suffer. Whatever breaks one device's links alone does so; faults
// of the connection or session hit everybody on it, as they would in earnest.
#include <optional>
#include <utility>
#include <vector>

#include "front/amqp/connection.h"
#include "front/amqp/device_session.h"
#include "front/amqp/errors.h"
#include "front/amqp/link_handler.h"

namespace nave::front::amqp {
namespace {

using hub::FaultType;

std::optional<LinkKind> link_kind_of(FaultType type) {
  switch (type) {
    case FaultType::kKillAmqpCbsLinkReq:
      return LinkKind::kCbsRequest;
    case FaultType::kKillAmqpCbsLinkResp:
      return LinkKind::kCbsReply;
    case FaultType::kKillAmqpD2cLink:
      return LinkKind::kTelemetry;
    case FaultType::kKillAmqpC2dLink:
      return LinkKind::kC2d;
    case FaultType::kKillAmqpTwinLinkReq:
      return LinkKind::kTwinRequest;
    case FaultType::kKillAmqpTwinLinkResp:
      return LinkKind::kTwinReply;
    case FaultType::kKillAmqpMethodReqLink:
      return LinkKind::kMethodRequest;
    case FaultType::kKillAmqpMethodRespLink:
      return LinkKind::kMethodReply;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<hub::ErrorCode> DeviceSession::injected_refusal() const {
  if (services_.faults == nullptr) return std::nullopt;
  return services_.faults->refusal(key());
}

void DeviceSession::look_for_fault_request(const hub::EventView& message) {
  if (services_.faults == nullptr) return;
  auto fault = services_.faults->take(message, key());
  if (!fault) return;
  if (!faults_)
    faults_ = std::make_unique<hub::PendingFaults>(static_cast<hub::FaultTarget&>(*this), connection_.shard().timers);
  faults_->add(*std::move(fault));
}

void DeviceSession::suffer(const hub::FaultRequest& fault) {
  const auto self = shared_from_this();  // the handlers may let go of it below
  const std::string why = printable(fault.reason.empty() ? text(fault.type) : fault.reason);
  const auto error = [&](std::string_view condition) { return make_error(condition, why, connection_.utc()); };
  switch (fault.type) {
    case FaultType::kKillTcp:
      return connection_.reset();
    case FaultType::kShutDownAmqp:
      shut_down_amqp();
      break;
    case FaultType::kKillAmqpConnection:
      connection_.machine().close(error(wire::amqp::condition::kConnectionForced));
      break;
    case FaultType::kKillAmqpSession:
      end_own_amqp_sessions(error(wire::amqp::condition::kInternalError));
      break;
    case FaultType::kInvokeAuthError:
      detach_links(make_error(hub::ErrorCode::kIotHubUnauthorizedAccess, connection_.utc()));
      break;
    default:
      if (const auto kind = link_kind_of(fault.type))
        detach_links_of(*kind, error(wire::amqp::condition::kDetachForced));
  }
  connection_.flush();
}

// In order: every session ends, then the connection. Node waits 45 seconds for the end of a session that a close
// implies.
void DeviceSession::shut_down_amqp() {
  std::vector<wire::amqp::SessionId> sessions;
  connection_.machine().for_each_link([&](const wire::amqp::Link& link) { sessions.push_back(link.session()); });
  for (const wire::amqp::SessionId id : sessions) connection_.machine().end_session(id, std::nullopt);
  connection_.machine().close(std::nullopt);
}

void DeviceSession::end_own_amqp_sessions(const wire::amqp::Error& error) {
  std::vector<wire::amqp::SessionId> sessions;
  for (const wire::amqp::LinkId id : links_) {
    const wire::amqp::Link* const link = connection_.machine().find(id);
    if (link != nullptr) sessions.push_back(link->session());
  }
  for (const wire::amqp::SessionId id : sessions) connection_.machine().end_session(id, error);
}

// The claims links belong to the connection, all others to the device.
void DeviceSession::detach_links_of(LinkKind kind, const wire::amqp::Error& error) {
  std::vector<wire::amqp::LinkId> candidates = links_;
  if (kind == LinkKind::kCbsRequest || kind == LinkKind::kCbsReply) {
    candidates.clear();
    connection_.machine().for_each_link([&](const wire::amqp::Link& link) { candidates.push_back(link.id()); });
  }
  for (const wire::amqp::LinkId id : candidates) {
    const LinkHandler* const handler = connection_.handler(id);
    if (handler != nullptr && handler->kind() == kind) connection_.detach(id, error);
  }
}

}  // namespace nave::front::amqp
