// Replies of the request/response nodes, $cbs and $management (reference/amqp.md §3, §9.5).
#pragma once

#include <string>
#include <string_view>

#include "wire/amqp/value.h"

namespace nave::front::amqp {

struct NodeReply {
  int32_t status = 200;
  std::string description = "OK";
  std::string error_condition;  // empty: none
  wire::amqp::Value body;       // null: no body section at all, as the real $cbs answers
};

// The message: correlation-id as given, with its exact AMQP type; status-code as int, which several SDKs cast to.
[[nodiscard]] std::string encode_node_reply(const NodeReply& reply, const wire::amqp::Item& correlation_id);

}  // namespace nave::front::amqp
