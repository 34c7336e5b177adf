// Any bytes as a message that a back end sends to a device; what is taken can be delivered.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "front/amqp/c2d_message.h"
#include "wire/amqp/message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nave;
  front::amqp::TelemetryMessageReader reader;
  hub::EventView event;
  const auto to = front::amqp::read_c2d_message(ByteView(reinterpret_cast<const char*>(data), size), reader, event);
  if (!to) return 0;
  NAVE_CHECK(!to->device.empty(), "a device has an id");
  hub::C2dDelivery delivery;
  hub::encode_event(event, delivery.record);
  const std::string message = front::amqp::encode_c2d_message(delivery);
  const auto view = wire::amqp::MessageView::parse(message);
  std::string scratch;
  NAVE_CHECK(view && view->properties() && view->data(scratch) == event.body, "it is delivered as it was sent");
  return 0;
}
