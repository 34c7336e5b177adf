// The method calls that one session has sent to its device and not heard of: every protocol numbers them its own way on
// the wire, from the number that this gives. Destroying it ends all of them with DeviceConnectionClosedRemotely.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "hub/method/reply.h"

namespace nave::hub {

class OpenMethods {
 public:
  // Takes the reply and returns the call's number: 1 for the first of the session, never used again. nullopt, and the
  // reply is left alone, when limits::kMethodsInFlightPerIdentityMax calls wait; those past their deadline do not
  // count.
  [[nodiscard]] std::optional<uint64_t> add(MethodReply& reply, int64_t deadline_ms, int64_t now_ms);
  // False for a number that is unknown, answered already, or forgotten since its deadline.
  bool answer(uint64_t number, int32_t status, std::string_view payload);

  [[nodiscard]] size_t size() const { return open_.size(); }

 private:
  struct Open {
    uint64_t number;
    int64_t deadline_ms;
    MethodReply reply;
  };
  std::vector<Open> open_;  // by number
  uint64_t last_number_ = 0;
};

}  // namespace nave::hub
