#include "front/amqp/link_handler.h"

#include "front/amqp/connection.h"
#include "front/amqp/errors.h"

namespace nave::front::amqp {

void Router::attach(Connection& connection, wire::amqp::Link& link) const {
  const auto address = parse_address(link.address());
  if (address) {
    for (const auto& node : nodes_) {
      if (node->attach(connection, link, *address)) return;
    }
  }
  link.refuse(entity_not_found(link.address(), connection.utc()));
}

}  // namespace nave::front::amqp
