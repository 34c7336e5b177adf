// The decision behind $cbs (reference/amqp.md §3): what becomes of a put-token request. Bytes and links are cbs_node's.
#pragma once

#include <string>
#include <string_view>

#include "front/amqp/grants.h"
#include "front/amqp/node_reply.h"

namespace nave::front::amqp {

struct PutToken {
  std::string_view operation;
  std::string_view type;
  std::string_view token;
};

// A token that is good is in `grants` afterwards. The token's own audience decides whom it speaks for; the request's
// "name" is not looked at, since every client spells it differently.
[[nodiscard]] NodeReply put_token(const PutToken& request, const hub::Authenticator& authenticator, Grants& grants,
                                  int64_t now_unix_seconds);

}  // namespace nave::front::amqp
