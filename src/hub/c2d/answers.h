// Errors of the C2dService on their way to who asked.
#pragma once

#include <utility>

#include "base/executor.h"
#include "base/function.h"
#include "hub/device/identity_rules.h"
#include "hub/errors.h"
#include "hub/ports.h"

namespace nave::hub {

template <class Reply>
void post_error(Executor& executor, Reply reply, Error error) {
  executor.post([reply = std::move(reply), error = std::move(error)]() mutable { reply(fail(std::move(error))); });
}

// Of a store that did not find the identity, or failed.
[[nodiscard]] inline Error queue_error(StoreError error, const IdentityKey& key) {
  if (error == StoreError::kNotFound) return not_found(key);
  return ErrorCode::kServiceUnavailable;
}

}  // namespace nave::hub
