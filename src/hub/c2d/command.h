// Cloud-to-device messages and feedback as a store keeps them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/time.h"
#include "hub/c2d/outcome.h"

namespace nave::hub {

// A message without its content: what deciding about it takes.
struct CommandHead {
  uint64_t sequence = 0;  // given by the store, growing, never reused
  UtcTime enqueued = kNever;
  UtcTime expires = kNever;
  uint32_t delivery_count = 0;
  AckRequest ack = AckRequest::kNone;
  std::string message_id;  // kept only if feedback may need it
  bool operator==(const CommandHead&) const = default;
};

struct CommandWrite {
  IdentityKey key;
  std::string generation_id;  // of the identity that it is for: a namesake that was made since does not get it
  CommandHead head;           // sequence is not looked at
  std::string record;
};

// What became of a message whose sender asked.
struct Feedback {
  UtcTime enqueued = kNever;  // when it was decided
  UtcTime expires = kNever;
  FeedbackStatus status = FeedbackStatus::kSuccess;
  std::string message_id;
  std::string device;
  std::string generation_id;
  bool operator==(const Feedback&) const = default;
};

struct StoredFeedback {
  uint64_t sequence = 0;  // given by the store, growing, never reused
  uint32_t delivery_count = 0;
  Feedback feedback;
};

// The end of one message.
struct CommandRemoval {
  uint64_t sequence = 0;
  std::optional<Feedback> feedback;
};

// A queue that holds messages.
struct CommandCount {
  IdentityKey key;
  std::string generation_id;
  size_t messages = 0;
};

struct ExpiredCommand {
  UtcTime expires = kNever;
  uint64_t sequence = 0;
  IdentityKey key;
};

}  // namespace nave::hub
