#include "sim/actors/amqp_methods.h"

#include "wire/amqp/message_writer.h"

namespace nave::sim {

namespace wamqp = wire::amqp;

namespace {

constexpr uint32_t kResponses = 4;
constexpr uint32_t kRequests = 5;

std::string response_to(const wamqp::Uuid& id, uint64_t call) {
  std::string out;
  wamqp::MessageWriter message(out);
  const wamqp::Value correlation = wamqp::Value::of_uuid(id);
  wamqp::Properties properties;
  properties.correlation_id = correlation.view();
  message.properties(properties);
  wamqp::MapWriter application = message.application_properties();
  application.sint("IoThub-status", 200);
  application.end();
  message.data(MethodLedger::answer_to(call));
  return out;
}

}  // namespace

void AmqpMethods::attach() {
  client().attach(0, test::AmqpClient::sender(kResponses, "methods-tx", device_.address("/methods/devicebound")));
  client().attach(0, test::AmqpClient::receiver(kRequests, "methods-rx", device_.address("/methods/devicebound")));
  credit_.begin(*device_.link, kRequests, rng());
}

bool AmqpMethods::on_message(const test::AmqpMessage& message) {
  if (message.handle != kRequests) return false;
  credit_.take(*device_.link, kRequests, rng());
  const auto view = message.view();
  std::string scratch;
  const uint64_t call = json_number(view.data(scratch), "call").value_or(~uint64_t{0});
  const auto id = view.properties()->correlation_id.as_uuid();
  if (!id) {
    fail("a method without an id");
    return true;
  }
  device_.stage.methods.on_delivered(call, device_.key.text());
  if (!device_.calm && rng().one_in(8)) return true;  // never answered
  const int64_t delay = rng().one_in(10) ? rng().between(1, 12) * kS : rng().between(0, 50) * kMs;
  after(delay, [this, response = response_to(*id, call), twice = rng().one_in(6)] {
    for (int i = 0; i <= (twice ? 1 : 0); ++i) client().transfer(0, kResponses, response, "m", rng().one_in(2));
  });
  return true;
}

}  // namespace nave::sim
