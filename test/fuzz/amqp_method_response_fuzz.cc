// Any bytes as a message on a link of method responses.
#include <cstdint>

#include "base/check.h"
#include "front/amqp/method_message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nave;
  const auto response = front::amqp::read_method_response(ByteView(reinterpret_cast<const char*>(data), size));
  if (response) NAVE_CHECK(response->payload.size() <= size, "the payload is part of the message");
  return 0;
}
