#include "front/eventhub/receivers.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace nave::front::eventhub {
namespace {

constexpr std::string_view kStolen = "amqp:link:stolen";

std::string quoted(const std::string& name) {
  return "'" + (name.empty() ? std::string("nil") : name) + "'";
}

std::string quoted(const std::optional<int64_t>& epoch) {
  return "'" + (epoch ? std::to_string(*epoch) : std::string("nil")) + "'";
}

// The texts are what clients show and what older event processors search in (reference/amqp.md §9.3).
Verdict evicted_by(const Seat& newer, const Seat& current) {
  return {kStolen,
          "New receiver " + quoted(newer.name) + " with higher epoch of " + quoted(newer.epoch) +
              " is created hence current receiver " + quoted(current.name) + " with epoch " + quoted(current.epoch) +
              " is getting disconnected. If you are recreating the receiver, make sure a higher epoch is used."};
}

Verdict refused_by(const Seat& holder, const Seat& newer) {
  if (!newer.epoch)
    return {kStolen, "At least one receiver for the endpoint is created with epoch of " + quoted(holder.epoch) +
                         ", and so non-epoch receiver is not allowed. Either reconnect with a higher epoch, or make "
                         "sure all epoch receivers are closed or disconnected."};
  return {kStolen, "Receiver " + quoted(holder.name) + " with a higher epoch " + quoted(holder.epoch) +
                       " already exists. Receiver " + quoted(newer.name) + " with epoch " +
                       std::to_string(*newer.epoch) +
                       " cannot be created. Make sure you are creating receiver with increasing epoch value to ensure "
                       "connectivity, or ensure all old epoch receivers are closed or disconnected."};
}

Verdict too_many(const std::vector<std::shared_ptr<Seat>>& seats) {
  std::string names;
  for (const auto& seat : seats) names += (names.empty() ? "" : ", ") + (seat->name.empty() ? "nil" : seat->name);
  return {"amqp:resource-limit-exceeded",
          "Exceeded the maximum number of allowed receivers per partition in a consumer group which is " +
              std::to_string(limits::kEventReceiversPerPartitionMax) + ". List of connected receivers - " + names +
              "."};
}

void tell(const std::shared_ptr<Seat>& seat, Verdict verdict) {
  seat->executor.post([seat, verdict = std::move(verdict)] {
    if (seat->owner != nullptr) seat->owner->evict(verdict);
  });
}

}  // namespace

ReceiverRegistry::ReceiverRegistry(Metrics& metrics)
    : receivers_(
          metrics.gauge("nave_eventhub_receivers", "Receivers attached to the Event-Hubs-compatible endpoint.")) {}

Result<void, Verdict> ReceiverRegistry::take(const SeatKey& key, const std::shared_ptr<Seat>& seat) {
  Seats leaving;
  {
    const std::lock_guard lock(mutex_);
    Seats& seats = seats_[key];
    const auto holder = std::find_if(seats.begin(), seats.end(), [](const auto& s) { return s->epoch.has_value(); });
    if (holder != seats.end() && (!seat->epoch || *(*holder)->epoch > *seat->epoch))
      return fail(refused_by(**holder, *seat));
    if (!seat->epoch && seats.size() >= limits::kEventReceiversPerPartitionMax) return fail(too_many(seats));
    if (seat->epoch) leaving = std::exchange(seats, {});
    seats.push_back(seat);
    receivers_.add(1 - static_cast<int64_t>(leaving.size()));
  }
  for (const auto& old : leaving) tell(old, evicted_by(*seat, *old));
  return {};
}

void ReceiverRegistry::release(const SeatKey& key, const std::shared_ptr<Seat>& seat) {
  const std::lock_guard lock(mutex_);
  const auto entry = seats_.find(key);
  if (entry == seats_.end()) return;
  const auto removed = static_cast<int64_t>(std::erase(entry->second, seat));
  receivers_.add(-removed);
  if (entry->second.empty()) seats_.erase(entry);
}

size_t ReceiverRegistry::count(const SeatKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto entry = seats_.find(key);
  return entry == seats_.end() ? 0 : entry->second.size();
}

}  // namespace nave::front::eventhub
