// Any text as an MQTT user name, topic name or topic filter: whatever is understood lies inside the text.
#include <cstdint>
#include <string_view>
#include <variant>

#include "base/check.h"
#include "front/mqtt/filters.h"
#include "front/mqtt/topics.h"
#include "front/mqtt/username.h"

namespace {

bool is_inside(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nave;
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  IdentityKey own{"dev-1", size % 2 == 0 ? "" : "m1"};
  if (const auto username = front::mqtt::parse_username(text)) {
    NAVE_CHECK(is_inside(username->host, text), "the host is part of the name");
    NAVE_CHECK(username->identity.device.find('/') == std::string::npos, "ids hold no slash");
    own = username->identity;
  }
  for (const IdentityKey& key : {own, IdentityKey{"dev-1", ""}, IdentityKey{"dev-1", "m1"}}) {
    const front::mqtt::PublishTopic topic = front::mqtt::parse_publish_topic(text, key);
    if (const auto* telemetry = std::get_if<front::mqtt::TelemetryTopic>(&topic)) {
      NAVE_CHECK(is_inside(telemetry->bag, text), "the bag is part of the topic");
    }
    if (const auto* get = std::get_if<front::mqtt::TwinGetTopic>(&topic)) {
      NAVE_CHECK(!get->request_id.empty() && is_inside(get->request_id, text), "the request id is part of the topic");
    }
    if (const auto filter = front::mqtt::parse_filter(text, key)) {
      hub::MqttSession session;
      NAVE_CHECK(
          front::mqtt::subscribe(session, *filter, wire::mqtt::Qos::kExactlyOnce) == wire::mqtt::Qos::kAtLeastOnce,
          "QoS 2 is granted as 1");
      front::mqtt::unsubscribe(session, *filter);
      NAVE_CHECK(session == hub::MqttSession{}, "unsubscribing leaves nothing");
    }
  }
  return 0;
}
