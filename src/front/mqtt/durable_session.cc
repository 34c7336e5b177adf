#include "front/mqtt/durable_session.h"

#include <utility>

#include "base/check.h"

namespace nave::front::mqtt {

void DurableSession::begin_durable(const std::optional<hub::MqttSession>& stored) {
  durable_ = true;
  current_ = stored_ = stored.value_or(hub::MqttSession{});
}

bool DurableSession::may_acknowledge(ByteView packet) {
  if (!durable_ || (!saving_ && current_ == stored_)) return true;
  waiting_.append(packet);
  return false;
}

std::optional<hub::MqttSession> DurableSession::begin_save() {
  NAVE_CHECK(wants_save(), "one save at a time, and only of a change");
  saving_ = true;
  saving_value_ = current_;
  covered_by_save_ = waiting_.size();
  if (saving_value_.filters == 0) return {};
  return saving_value_;
}

std::string DurableSession::end_save() {
  saving_ = false;
  stored_ = saving_value_;
  // With nothing left to save, acknowledgements that came meanwhile confirm what is stored now.
  if (current_ == stored_) return std::exchange(waiting_, {});
  std::string ready = waiting_.substr(0, covered_by_save_);
  waiting_.erase(0, covered_by_save_);
  return ready;
}

}  // namespace nave::front::mqtt
