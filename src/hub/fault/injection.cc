#include "hub/fault/injection.h"

#include <algorithm>

#include "base/log.h"

namespace nave::hub {

FaultInjection::FaultInjection(const Clock& clock, Metrics& metrics)
    : clock_(clock), taken_(metrics.counter("nave_faults_requested_total", "Faults that devices asked for")) {}

std::optional<FaultRequest> FaultInjection::take(const EventView& message, const IdentityKey& who) {
  auto request = parse_fault_request(message);
  if (!request) {
    log::write_limited(log::Level::kWarning, log::Category::kConnections, "fault.bad", "a fault request was ignored",
                       {{"deviceId", who.text()}, {"reason", request.error()}});
    return {};
  }
  if (!*request) return {};
  taken_.add();
  log::write_limited(log::Level::kWarning, log::Category::kConnections, "fault", "a device asked for a fault",
                     {{"deviceId", who.text()},
                      {"fault", text((*request)->type)},
                      {"delayMs", (*request)->delay_ms},
                      {"durationMs", (*request)->duration_ms}});
  if (!is_lasting((*request)->type)) return *std::move(request);
  begin(who, **request);
  if ((*request)->type == FaultType::kInvokeAuthError) return *std::move(request);
  return {};
}

void FaultInjection::begin(const IdentityKey& who, const FaultRequest& request) {
  const int64_t now = clock_.steady_ms();
  const int64_t from = now + request.delay_ms;
  const std::lock_guard lock(mutex_);
  const auto over = [now](const Lasting& l) { return l.until_ms <= now; };
  std::erase_if(lasting_, [&](const auto& entry) { return std::ranges::all_of(entry.second, over); });
  std::vector<Lasting>& own = lasting_[who];
  std::erase_if(own, [&](const Lasting& l) { return l.type == request.type || over(l); });
  own.push_back({request.type, from, from + request.duration_ms});
  any_.store(true, std::memory_order_release);
}

std::optional<ErrorCode> FaultInjection::refusal(const IdentityKey& who) const {
  if (active(who, FaultType::kInvokeThrottling)) return ErrorCode::kThrottlingException;
  if (active(who, FaultType::kInvokeMaxMessageQuota)) return ErrorCode::kIotHubQuotaExceeded;
  return {};
}

bool FaultInjection::refuses_login(const IdentityKey& who) const {
  return active(who, FaultType::kInvokeAuthError);
}

bool FaultInjection::active(const IdentityKey& who, FaultType type) const {
  if (!any_.load(std::memory_order_acquire)) return false;
  const int64_t now = clock_.steady_ms();
  const std::lock_guard lock(mutex_);
  const auto own = lasting_.find(who);
  if (own == lasting_.end()) return false;
  return std::ranges::any_of(own->second,
                             [&](const Lasting& l) { return l.type == type && l.from_ms <= now && now < l.until_ms; });
}

}  // namespace nave::hub
