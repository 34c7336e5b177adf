#include "front/amqp/node_reply.h"

#include "wire/amqp/message_writer.h"

namespace nave::front::amqp {

std::string encode_node_reply(const NodeReply& reply, const wire::amqp::Item& correlation_id) {
  std::string out;
  wire::amqp::MessageWriter message(out);
  wire::amqp::Properties properties;
  properties.correlation_id = correlation_id;
  message.properties(properties);
  wire::amqp::MapWriter map = message.application_properties();
  map.sint("status-code", reply.status);
  map.string("status-description", reply.description);
  if (!reply.error_condition.empty()) map.symbol("error-condition", reply.error_condition);
  map.end();
  if (!reply.body.is_null()) message.value(reply.body);
  return out;
}

}  // namespace nave::front::amqp
