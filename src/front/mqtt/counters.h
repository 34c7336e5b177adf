// How MQTT connections begin and end, as metrics. Counting is thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/metrics.h"
#include "wire/mqtt/encoder.h"

namespace nave::front::mqtt {

enum class CloseCause : uint8_t {
#define NAVE_CLOSE_CAUSE(name, label) k##name,
#include "front/mqtt/close_cause.def"
#undef NAVE_CLOSE_CAUSE
};

[[nodiscard]] std::string_view label(CloseCause cause);

class Counters {
 public:
  explicit Counters(Metrics& metrics);
  // nave_mqtt_connects_total{result=…}: a CONNECT was answered.
  void count_connect(wire::mqtt::ConnectCode code) const;
  // nave_mqtt_closed_total{reason=…}
  void count_close(CloseCause cause) const { closed_[static_cast<size_t>(cause)]->add(); }

 private:
  static constexpr size_t kConnectCodes = 6;
  static constexpr size_t kCloseCauses = 0
#define NAVE_CLOSE_CAUSE(name, label) +1
#include "front/mqtt/close_cause.def"
#undef NAVE_CLOSE_CAUSE
      ;
  std::array<Counter*, kConnectCodes> connects_{};  // by CONNACK code; codes that are never sent stay null
  std::array<Counter*, kCloseCauses> closed_{};
};

}  // namespace nave::front::mqtt
