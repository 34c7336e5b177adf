#include "front/amqp/cbs_node.h"

#include "front/amqp/put_token.h"

namespace nave::front::amqp {

bool CbsNode::attach(Connection& connection, wire::amqp::Link& link, const Address& address) {
  if (!address.matches({"$cbs"})) return false;
  accept(connection, link);
  return true;
}

NodeReply CbsNode::answer(Connection& connection, const wire::amqp::MessageView& request) {
  const auto& properties = request.application_properties();
  const auto text = [&](std::string_view key) {
    const auto item = wire::amqp::find_entry(properties, key);
    return item.as_text().value_or(item.as_binary().value_or(std::string_view{}));
  };
  const auto& body = request.body_value();
  const PutToken put{text("operation"), text("type"), body.as_text().value_or(std::string_view{})};
  return put_token(put, connection.front().authenticator, connection.grants(), unix_seconds(connection.utc()));
}

}  // namespace nave::front::amqp
