#include "hub/c2d/outcome.h"

#include <array>

#include "base/url.h"

namespace nave::hub {
namespace {

constexpr std::array<std::string_view, 4> kAckNames{"none", "positive", "negative", "full"};
constexpr std::array<std::string_view, kFeedbackStatusCount> kStatusNames{"Success", "Expired", "DeliveryCountExceeded",
                                                                          "Rejected", "Purged"};
// No quotes, no backslashes: see feedback_json.h.
constexpr std::array<std::string_view, kFeedbackStatusCount> kDescriptions{
    "Success", "The message expired before it was completed", "The message was delivered and abandoned too many times",
    "The message was rejected by the device", "The message was purged"};

}  // namespace

std::string_view name_of(AckRequest request) {
  return kAckNames[static_cast<size_t>(request)];
}

std::optional<AckRequest> parse_ack(std::string_view text) {
  for (size_t i = 0; i < kAckNames.size(); ++i) {
    if (equals_ignore_case(text, kAckNames[i])) return static_cast<AckRequest>(i);
  }
  return {};
}

std::string_view name_of(FeedbackStatus status) {
  return kStatusNames[static_cast<size_t>(status)];
}

std::string_view description_of(FeedbackStatus status) {
  return kDescriptions[static_cast<size_t>(status)];
}

bool asks_for(AckRequest request, FeedbackStatus status) {
  const auto wanted = status == FeedbackStatus::kSuccess ? AckRequest::kPositive : AckRequest::kNegative;
  return (static_cast<uint8_t>(request) & static_cast<uint8_t>(wanted)) != 0;
}

}  // namespace nave::hub
