#include "front/mqtt/counters.h"

#include <string>

namespace nave::front::mqtt {

using wire::mqtt::ConnectCode;

std::string_view label(CloseCause cause) {
  switch (cause) {
#define NAVE_CLOSE_CAUSE(name, text) \
  case CloseCause::k##name:          \
    return text;
#include "front/mqtt/close_cause.def"
#undef NAVE_CLOSE_CAUSE
  }
  return "";
}

Counters::Counters(Metrics& metrics) {
  const auto connects = [&](ConnectCode code, const char* labels) {
    connects_[static_cast<size_t>(code)] =
        &metrics.counter("nave_mqtt_connects_total", "MQTT CONNECTs answered", labels);
  };
  connects(ConnectCode::kAccepted, R"(result="accepted")");
  connects(ConnectCode::kUnacceptableProtocol, R"(result="refused1")");
  connects(ConnectCode::kServerUnavailable, R"(result="refused3")");
  connects(ConnectCode::kNotAuthorized, R"(result="refused5")");
  for (size_t i = 0; i < closed_.size(); ++i) {
    const std::string labels = "reason=\"" + std::string(label(static_cast<CloseCause>(i))) + "\"";
    closed_[i] = &metrics.counter("nave_mqtt_closed_total", "MQTT connections closed", labels);
  }
}

void Counters::count_connect(ConnectCode code) const {
  connects_[static_cast<size_t>(code)]->add();
}

}  // namespace nave::front::mqtt
