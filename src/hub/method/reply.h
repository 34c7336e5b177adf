// The promise that a method call ends: whoever holds it answers it, and losing it is an answer too.
#pragma once

#include <string_view>
#include <utility>

#include "base/function.h"
#include "hub/errors.h"
#include "hub/method/command.h"

namespace nave::hub {

// Move-only. Calls `done` exactly once, on the thread that answers or destroys it, unless dismissed.
class MethodReply {
 public:
  using Done = UniqueFunction<void(HubResult<MethodAnswer>)>;

  explicit MethodReply(Done done) : done_(std::move(done)) {}
  // Destroyed unanswered: DeviceConnectionClosedRemotely.
  ~MethodReply() { finish(fail(Error(ErrorCode::kDeviceConnectionClosedRemotely))); }
  MethodReply(MethodReply&& other) noexcept : done_(std::exchange(other.done_, {})) {}
  MethodReply& operator=(MethodReply&& other) noexcept {
    std::swap(done_, other.done_);
    return *this;
  }

  // `payload` as the device wrote it. What is not JSON, or beyond limits::kMethodPayloadBytesMax, becomes the error
  // InvalidResponseWhileProxying; nothing at all is null.
  void answer(int32_t status, std::string_view payload);
  // Nobody took the command: the call goes on without this reply.
  void dismiss() { done_ = {}; }

 private:
  void finish(HubResult<MethodAnswer> result) {
    if (Done done = std::exchange(done_, {})) done(std::move(result));
  }

  Done done_;
};

}  // namespace nave::hub
