// Direct methods as AMQP messages (reference/amqp.md §6).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "hub/method/command.h"
#include "wire/amqp/types.h"

namespace nave::front::amqp {

// `id` becomes the correlation-id, as an AMQP uuid: C takes nothing else, C# and Java make a GUID of it. The payload is
// always one Data section.
[[nodiscard]] std::string encode_method_request(const hub::MethodCommand& command, const wire::amqp::Uuid& id);

struct MethodResponse {
  wire::amqp::Uuid id{};
  int32_t status = 0;
  std::string payload;  // empty: none
};

// nullopt: not a message, or the correlation-id is no uuid in any form, or the status is missing or no 32-bit integer.
[[nodiscard]] std::optional<MethodResponse> read_method_response(ByteView encoded);

}  // namespace nave::front::amqp
