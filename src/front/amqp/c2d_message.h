// Cloud-to-device messages as AMQP messages: how a device gets them, and how a back end sends them
// (reference/amqp.md §4.2, §7).
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/ids.h"
#include "front/amqp/telemetry_message.h"
#include "hub/c2d/feedback.h"
#include "hub/c2d/message.h"
#include "hub/errors.h"
#include "hub/telemetry/event.h"

namespace nave::front::amqp {

// With the types that the SDKs cast to.
[[nodiscard]] std::string encode_c2d_message(const hub::C2dDelivery& delivery);

// A batch of feedback; `hub_name` is its user-id, which C# insists on.
[[nodiscard]] std::string encode_feedback(const hub::FeedbackDelivery& delivery, std::string_view hub_name);

// A message that a back end sends. Replaces `message` by views into `encoded` and into `reader`, valid until its next
// use, and returns who it is for: the identity in properties.to. What the message may be is decided by the hub, except
// for the characters of properties (reference/device-mqtt-https.md §11.4).
[[nodiscard]] hub::HubResult<IdentityKey> read_c2d_message(ByteView encoded, TelemetryMessageReader& reader,
                                                           hub::EventView& message);

}  // namespace nave::front::amqp
