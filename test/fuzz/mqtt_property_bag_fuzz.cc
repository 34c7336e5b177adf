// Any text as a property bag: no name twice, every view readable, and the event can be stored and read back.
#include <cstdint>
#include <set>
#include <string>

#include "base/check.h"
#include "base/url.h"
#include "front/mqtt/property_bag.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nave;
  // The front hands over valid UTF-8 only: the MQTT decoder has seen to it.
  const std::string bag(reinterpret_cast<const char*>(data), size);
  if (!is_valid_utf8(bag)) return 0;

  front::mqtt::PropertyBagDecoder decoder;
  hub::EventView event;
  for (int round = 0; round < 2; ++round) decoder.decode(bag, event);

  std::set<std::string_view> names;
  for (const auto& p : event.application) {
    NAVE_CHECK(is_valid_utf8(p.name) && is_valid_utf8(p.value.value_or("")), "text stays text");
    // "$.exp" that is no date joins the application properties.
    NAVE_CHECK(names.insert(p.name).second, "each name once");
  }
  std::set<hub::SystemProperty> system;
  for (const auto& p : event.system) {
    NAVE_CHECK(is_valid_utf8(p.value) && system.insert(p.name).second, "each system property once");
  }

  std::string record;
  hub::encode_event(event, record);
  hub::EventView again;
  NAVE_CHECK(hub::decode_event(record, again), "what was stored can be read");
  NAVE_CHECK(again.application.size() == event.application.size(), "and nothing is missing");
  return 0;
}
