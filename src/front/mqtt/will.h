// What a client wants to be said in its name when its connection ends without a DISCONNECT
// (reference/device-mqtt-https.md §2.9).
#pragma once

#include <memory>
#include <string>

#include "base/ids.h"
#include "front/mqtt/property_bag.h"
#include "hub/telemetry/event.h"
#include "wire/mqtt/packets.h"

namespace nave::front::mqtt {

class Will {
 public:
  // nullptr unless the topic is the telemetry topic of `own`: other wills are ignored.
  [[nodiscard]] static std::unique_ptr<Will> make(const wire::mqtt::Will& will, const IdentityKey& own);

  // Fills `event` with views into this object and into `decoder`.
  void fill(PropertyBagDecoder& decoder, hub::EventView& event) const;

 private:
  std::string bag_;
  std::string body_;
  bool retain_ = false;
};

}  // namespace nave::front::mqtt
