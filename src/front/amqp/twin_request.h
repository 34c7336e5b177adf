// What devices ask on their twin links, and the messages that answer them (reference/amqp.md §5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "hub/errors.h"
#include "hub/twin/change.h"
#include "wire/amqp/value.h"

namespace nave::front::amqp {

struct TwinRequest {
  enum class Operation : uint8_t { kGet, kPatchReported, kSubscribe, kUnsubscribe, kUnknown };
  Operation operation = Operation::kUnknown;
  wire::amqp::Value correlation_id;     // with its exact type; null if there is none
  std::optional<int64_t> base_version;  // of a patch
  std::string body;                     // of a patch
};

// nullopt: not an AMQP message. What is one, and still no request that is known here, is kUnknown.
[[nodiscard]] std::optional<TwinRequest> read_twin_request(ByteView encoded);

// Answers. `status` is an int and `version` a long: C drops a message with other types. Without a body there is no body
// section, since Node parses whatever section there is.
[[nodiscard]] std::string encode_twin_reply(const wire::amqp::Value& correlation_id, int32_t status,
                                            std::optional<uint64_t> version, std::string_view body);
// Without a correlation-id: this is how the SDKs tell it from an answer. Java looks at the resource as well.
[[nodiscard]] std::string encode_desired_change(const hub::DesiredChange& change);

}  // namespace nave::front::amqp
