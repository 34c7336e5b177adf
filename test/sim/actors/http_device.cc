#include "sim/actors/http_device.h"

namespace nave::sim {

void HttpDevice::act() {
  client_.check_time();
  if (client_.busy()) {
    if (!calm() && rng().one_in(50)) client_.vanish();
    return;
  }
  if (calm() || !rng().one_in(3)) return;
  if (rng().one_in(15)) client_.drop();
  send_messages();
}

void HttpDevice::send_messages() {
  if (client_.is_fresh()) stream_ = stage_.telemetry.new_stream(key_.device, false);
  std::vector<std::string> bodies;
  std::string text;
  HttpClient::Headers headers;
  if (rng().one_in(3)) {
    for (uint64_t n = 1 + rng().below(6); n > 0; --n) {
      bodies.push_back(stage_.telemetry.next_body(stream_));
      text += (text.empty() ? "[" : ",") + (R"({"base64Encoded":false,"body":")" + bodies.back() + R"("})");
    }
    text += "]";
    headers.emplace_back("Content-Type", "application/vnd.microsoft.iothub.json");
  } else {
    bodies.push_back(stage_.telemetry.next_body(stream_));
    text = bodies.back();
  }
  client_.request("POST", "/devices/" + key_.device + "/messages/events?api-version=2021-04-12",
                  stage_.device_token(key_), text, std::move(headers),
                  [this, bodies = std::move(bodies)](const std::optional<HttpAnswer>& answer) {
                    if (!answer || answer->status != 204) return;
                    for (const std::string& body : bodies) stage_.telemetry.on_acknowledged(body);
                  });
}

}  // namespace nave::sim
