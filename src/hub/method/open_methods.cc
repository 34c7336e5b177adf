#include "hub/method/open_methods.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace nave::hub {

std::optional<uint64_t> OpenMethods::add(MethodReply& reply, int64_t deadline_ms, int64_t now_ms) {
  // Their callers have been told by the service; a reply that is dropped here finds nobody.
  std::erase_if(open_, [&](const Open& o) { return o.deadline_ms <= now_ms; });
  if (open_.size() >= limits::kMethodsInFlightPerIdentityMax) return {};
  open_.push_back({++last_number_, deadline_ms, std::move(reply)});
  return last_number_;
}

bool OpenMethods::answer(uint64_t number, int32_t status, std::string_view payload) {
  const auto it = std::ranges::lower_bound(open_, number, {}, &Open::number);
  if (it == open_.end() || it->number != number) return false;
  MethodReply reply = std::move(it->reply);
  open_.erase(it);
  reply.answer(status, payload);
  return true;
}

}  // namespace nave::hub
