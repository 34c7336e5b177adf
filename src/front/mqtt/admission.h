// Whether a CONNECT is let in, and as whom (reference/device-mqtt-https.md §2.1, §2.2, §2.7).
#pragma once

#include <string>

#include "base/result.h"
#include "front/mqtt/front.h"
#include "hub/device/authenticator.h"
#include "wire/mqtt/encoder.h"
#include "wire/mqtt/packets.h"

namespace nave::front::mqtt {

struct Admission {
  hub::DeviceGrant grant;
  std::string model_id;     // empty: none
  std::string api_version;  // as the client wrote them, for the log
  std::string client_type;
};

struct Refusal {
  wire::mqtt::ConnectCode code = wire::mqtt::ConnectCode::kNotAuthorized;
  std::string why;  // for the log; never a secret
};

// How a connect that meets this error is refused.
[[nodiscard]] wire::mqtt::ConnectCode connect_code(hub::ErrorCode code);

// Changes nothing; any thread.
[[nodiscard]] Result<Admission, Refusal> admit(const wire::mqtt::Connect& connect, const MqttServices& services);

// The registry may have changed between admit() and the moment the session could be found by it: true if the grant
// holds for the identity as it is now.
[[nodiscard]] bool still_admitted(const hub::DeviceGrant& grant, const MqttServices& services);

}  // namespace nave::front::mqtt
