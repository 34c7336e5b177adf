// Fault injection on request: what a device asked to suffer on this connection.
#include <memory>
#include <utility>

#include "front/mqtt/connection.h"

namespace nave::front::mqtt {

std::optional<hub::ErrorCode> Connection::injected_refusal() const {
  if (services().faults == nullptr) return {};
  return services().faults->refusal(origin_.identity);
}

void Connection::look_for_fault_request(const hub::EventView& message) {
  if (services().faults == nullptr) return;
  auto fault = services().faults->take(message, origin_.identity);
  if (!fault) return;
  if (!faults_) faults_ = std::make_unique<hub::PendingFaults>(static_cast<hub::FaultTarget&>(*this), shard_.timers);
  faults_->add(*std::move(fault));
}

// AMQP's faults mean nothing here. MQTT 3.1.1 has no words for why a server closes.
void Connection::suffer(const hub::FaultRequest& fault) {
  if (phase_ == Phase::kClosed) return;
  if (fault.type == hub::FaultType::kKillTcp) {
    leave(CloseCause::kInjectedFault);
    transport_->abort();
  } else if (fault.type == hub::FaultType::kShutDownMqtt || fault.type == hub::FaultType::kInvokeAuthError) {
    close(CloseCause::kInjectedFault);
  }
}

}  // namespace nave::front::mqtt
