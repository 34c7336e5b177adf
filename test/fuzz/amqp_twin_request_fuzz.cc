// Any bytes as a message on a twin link. What is a request is answered with its own correlation-id.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "front/amqp/twin_request.h"
#include "wire/amqp/message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nave;
  const auto request = front::amqp::read_twin_request(ByteView(reinterpret_cast<const char*>(data), size));
  if (!request) return 0;
  const std::string reply = front::amqp::encode_twin_reply(request->correlation_id, 200, request->base_version, "{}");
  const auto message = wire::amqp::MessageView::parse(reply);
  NAVE_CHECK(message.has_value(), "the answer is a message");
  const auto echoed = wire::amqp::Value::decode(message->properties()->correlation_id);
  NAVE_CHECK(echoed && *echoed == request->correlation_id, "ids are echoed with their type");
  return 0;
}
