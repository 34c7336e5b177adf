// What a receiver says in its attach (reference/amqp.md §9.3): where to begin, its owner level and name.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "hub/ports.h"
#include "wire/amqp/performatives.h"

namespace nave::front::eventhub {

struct AttachRequest {
  hub::EventPosition position;  // without a filter: the end
  std::optional<int64_t> epoch;
  std::string receiver_name;  // at most kReceiverNameBytesMax bytes, printable
  bool wants_metric = false;
};

inline constexpr size_t kReceiverNameBytesMax = 256;

// An error is a text for the client (com.microsoft:argument-error).
[[nodiscard]] Result<AttachRequest, std::string> read_attach(const wire::amqp::Attach& attach);

// Positions beyond the end belong to another log; the text says so.
[[nodiscard]] Result<void, std::string> check_position(const hub::EventPosition& position,
                                                       const hub::PartitionInfo& info);

}  // namespace nave::front::eventhub
