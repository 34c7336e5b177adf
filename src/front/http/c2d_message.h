// Cloud-to-device messages in HTTP headers and bodies: as back ends send them (reference/service-rest.md §16) and as
// devices receive them (reference/device-mqtt-https.md §8.2, §8.6).
#pragma once

#include "front/http/reply.h"
#include "front/http/telemetry_request.h"
#include "hub/c2d/message.h"
#include "hub/errors.h"

namespace nave::front::http {

// What a back end sends, as views into `request` and `reader`. Content-Type and Content-Encoding are the message's, if
// no iothub- header says otherwise: Azure IoT Explorer sends "Content-Encoding: utf-8", which is no coding of the body.
[[nodiscard]] hub::HubResult<void> read_c2d_message(const net::HttpRequest& request, TelemetryRequestReader& reader,
                                                    hub::EventView& message);

// The headers of a received message, names spelled as the clients compare them.
[[nodiscard]] Headers c2d_headers(const hub::C2dDelivery& delivery, const hub::EventView& message);

// The ETag of something that is locked: quoted, because Node takes the first and the last character away unseen.
[[nodiscard]] std::string lock_etag(const hub::LockToken& lock);

}  // namespace nave::front::http
