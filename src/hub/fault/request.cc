#include "hub/fault/request.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/limits.h"

namespace nave::hub {
namespace {

constexpr std::string_view kTypeProperty = "AzIoTHub_FaultOperationType";
constexpr std::string_view kReasonProperty = "AzIoTHub_FaultOperationCloseReason";
constexpr std::string_view kDelayProperty = "AzIoTHub_FaultOperationDelayInSecs";
constexpr std::string_view kDurationProperty = "AzIoTHub_FaultOperationDurationInSecs";

constexpr std::array kNames = {
#define NAVE_FAULT(name, wire) std::string_view(wire),
#include "hub/fault/fault_type.def"
#undef NAVE_FAULT
};

std::optional<std::string_view> property(const EventView& message, std::string_view name) {
  const auto found = std::ranges::find(message.application, name, &ApplicationProperty::name);
  if (found == message.application.end()) return {};
  return found->value.value_or(std::string_view{});
}

// Whole seconds as milliseconds; a property that is not there is 0.
std::optional<int64_t> seconds(const EventView& message, std::string_view name, int64_t ms_max) {
  const auto value = property(message, name);
  if (!value) return 0;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (error != std::errc{} || end != value->data() + value->size()) return {};
  if (number < 0 || number > ms_max / 1000) return {};
  return number * 1000;
}

}  // namespace

std::string_view text(FaultType type) {
  return kNames[static_cast<size_t>(type)];
}

bool is_lasting(FaultType type) {
  return type == FaultType::kInvokeThrottling || type == FaultType::kInvokeMaxMessageQuota ||
         type == FaultType::kInvokeAuthError;
}

Result<std::optional<FaultRequest>, std::string_view> parse_fault_request(const EventView& message) {
  const auto type = property(message, kTypeProperty);
  if (!type) return std::optional<FaultRequest>();
  const auto* const name = std::ranges::find(kNames, *type);
  if (name == kNames.end()) return fail<std::string_view>("there is no such fault");
  FaultRequest out;
  out.type = static_cast<FaultType>(name - kNames.begin());
  const auto delay = seconds(message, kDelayProperty, limits::kFaultDelayMsMax);
  const auto duration = seconds(message, kDurationProperty, limits::kFaultDurationMsMax);
  if (!delay || !duration) return fail<std::string_view>("delay and duration are whole seconds, an hour at most");
  if (is_lasting(out.type) && *duration == 0) return fail<std::string_view>("a lasting fault needs a duration");
  out.delay_ms = *delay;
  out.duration_ms = *duration;
  out.reason = property(message, kReasonProperty).value_or(std::string_view{}).substr(0, limits::kFaultReasonBytesMax);
  return std::optional(std::move(out));
}

}  // namespace nave::hub
