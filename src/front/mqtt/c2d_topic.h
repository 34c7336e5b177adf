// The topic on which a cloud-to-device message is sent: its properties, in the only spelling that the parsers of all
// SDKs understand (reference/device-mqtt-https.md §4.1–4.3).
#pragma once

#include <string>

#include "base/ids.h"
#include "hub/telemetry/event.h"

namespace nave::front::mqtt {

// Appends devices/{d}/messages/devicebound/%24.mid=…&%24.to=…&…&name=value…
//
// What no client could take, or some client would break on, stays out: properties without a value, application
// properties whose name is a system property's or reserved by a client, and system properties that MQTT has no key for.
void append_c2d_topic(std::string& out, const IdentityKey& to, const hub::EventView& message);

}  // namespace nave::front::mqtt
