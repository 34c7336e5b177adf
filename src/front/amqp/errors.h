// Failures in the words of AMQP (reference/amqp.md §8): condition, description, and an info map with a tracking id by
// which an operator finds the log line.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "hub/errors.h"
#include "wire/amqp/performatives.h"

namespace nave::front::amqp {

// `description` is shown to users; a tracking id is appended unless it already carries one ("TrackingId:").
[[nodiscard]] wire::amqp::Error make_error(std::string_view condition, std::string description, UtcTime now);

// The condition is that of the error's row. Why a credential was refused stays out of the description.
[[nodiscard]] wire::amqp::Error make_error(const hub::Error& error, UtcTime now);

// "The messaging entity '…' could not be found.": JavaScript recognises a wrong address by these words.
[[nodiscard]] wire::amqp::Error entity_not_found(std::string_view entity, UtcTime now);

// What a peer sent, fit for an error text: at most 256 characters, others than printable ASCII replaced by '?'.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace nave::front::amqp
