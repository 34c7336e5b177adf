// decode_event() takes any bytes; what it accepts, encode_event() writes back. Byte for byte, unless a system property
// of a later version was skipped.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "hub/telemetry/event.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nave::hub;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  EventView event;
  if (!decode_event(bytes, event)) return 0;
  std::string again;
  encode_event(event, again);
  NAVE_CHECK(again.size() <= bytes.size(), "a record only shrinks");
  NAVE_CHECK(again.size() < bytes.size() || again == bytes, "one event has one encoding");
  EventView second;
  NAVE_CHECK(decode_event(again, second), "what was written is readable");
  NAVE_CHECK(second.system.size() == event.system.size() && second.application.size() == event.application.size(),
             "nothing got lost");
  NAVE_CHECK(metered_size(second) == metered_size(event), "sizes agree");
  return 0;
}
