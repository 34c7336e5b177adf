// How a cloud-to-device message ends, and who wants to hear of it (reference/device-mqtt-https.md §4.4).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace nave::hub {

// What a receiver says of a message.
enum class C2dOutcome : uint8_t { kComplete, kReject, kAbandon };

// Which ends the sender asked to hear of: iothub-ack. Numbers are on disk.
enum class AckRequest : uint8_t { kNone = 0, kPositive = 1, kNegative = 2, kFull = 3 };

[[nodiscard]] std::string_view name_of(AckRequest request);
// nullopt: none of the four words (case does not matter).
[[nodiscard]] std::optional<AckRequest> parse_ack(std::string_view text);

// Numbers are on disk.
enum class FeedbackStatus : uint8_t {
  kSuccess = 0,
  kExpired = 1,
  kDeliveryCountExceeded = 2,
  kRejected = 3,
  kPurged = 4,
};
inline constexpr uint8_t kFeedbackStatusCount = 5;

[[nodiscard]] std::string_view name_of(FeedbackStatus status);
[[nodiscard]] std::string_view description_of(FeedbackStatus status);
[[nodiscard]] bool asks_for(AckRequest request, FeedbackStatus status);

}  // namespace nave::hub
