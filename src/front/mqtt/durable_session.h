// The subscriptions of one connection and the acknowledgements that wait until they are on disk. Decides only; the
// connection calls the store. A client that has its SUBACK finds the subscription again after any crash (§2.8).
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "hub/ports.h"

namespace nave::front::mqtt {

class DurableSession {
 public:
  // Clean session 1: subscriptions live in memory only and nothing ever waits.
  void begin_volatile() { durable_ = false; }
  // Clean session 0, with what the store has of an earlier connection.
  void begin_durable(const std::optional<hub::MqttSession>& stored);

  [[nodiscard]] hub::MqttSession& subscriptions() { return current_; }
  [[nodiscard]] const hub::MqttSession& subscriptions() const { return current_; }

  // After a change of subscriptions() or a repetition of what was there: true if `packet` (a SUBACK or UNSUBACK) may be
  // sent at once; otherwise it is kept until the change that it confirms is stored.
  [[nodiscard]] bool may_acknowledge(ByteView packet);

  // What to store next, if anything must be stored and nothing is on its way.
  [[nodiscard]] bool wants_save() const { return durable_ && !saving_ && current_ != stored_; }
  // nullopt: nothing is left to remember.
  [[nodiscard]] std::optional<hub::MqttSession> begin_save();
  // The save is durable. Returns the acknowledgements that may be sent now.
  [[nodiscard]] std::string end_save();

  [[nodiscard]] size_t waiting_bytes() const { return waiting_.size(); }

 private:
  hub::MqttSession current_;
  hub::MqttSession stored_;
  hub::MqttSession saving_value_;
  std::string waiting_;         // encoded acknowledgements, in order
  size_t covered_by_save_ = 0;  // of waiting_
  bool saving_ = false;
  bool durable_ = false;
};

}  // namespace nave::front::mqtt
