#include "store/embedded/sqlite/identity_cache.h"

#include <algorithm>

namespace nave::store::embedded {

using hub::Identity;

IdentityCache::IdentityCache(size_t capacity, size_t pending_max)
    : per_stripe_(std::max<size_t>(capacity / kStripes, 1)),
      pending_per_stripe_(std::max<size_t>(pending_max / kStripes, 1)) {}

IdentityCache::Lookup IdentityCache::find(const IdentityKey& key) {
  Stripe& s = stripe(key);
  const std::lock_guard lock(s.mutex);
  const auto it = s.entries.find(key);
  if (it == s.entries.end()) return {{}, s.epoch};
  s.ages.splice(s.ages.begin(), s.ages, it->second.age);
  return {it->second.identity, s.epoch};
}

void IdentityCache::fill(Identity& identity, uint64_t epoch) {
  Stripe& s = stripe(identity.key);
  const std::lock_guard lock(s.mutex);
  overlay(s, identity);
  if (s.epoch != epoch) return;
  const auto [it, is_new] = s.entries.try_emplace(identity.key);
  it->second.identity = identity;
  if (!is_new) return;
  s.ages.push_front(&it->first);
  it->second.age = s.ages.begin();
  if (s.entries.size() > per_stripe_) drop(s, *s.ages.back());
}

void IdentityCache::overlay(Identity& identity) {
  Stripe& s = stripe(identity.key);
  const std::lock_guard lock(s.mutex);
  overlay(s, identity);
}

void IdentityCache::overlay(const Stripe& s, Identity& identity) {
  const auto it = s.pending.find(identity.key);
  if (it == s.pending.end()) return;
  identity.connection_state_updated = it->second.connection_state_updated;
  identity.last_activity = it->second.last_activity;
}

void IdentityCache::drop(Stripe& s, const IdentityKey& key) {
  const auto it = s.entries.find(key);
  if (it == s.entries.end()) return;
  s.ages.erase(it->second.age);
  s.entries.erase(it);
}

void IdentityCache::publish(const std::vector<Touched>& touched) {
  for (const Touched& t : touched) {
    Stripe& s = stripe(t.key);
    const std::lock_guard lock(s.mutex);
    ++s.epoch;
    drop(s, t.key);
    // Otherwise an identity created again under this id would inherit the times.
    if (t.came_or_went) s.pending.erase(t.key);
  }
}

void IdentityCache::note(const IdentityKey& key, const Activity& activity) {
  Stripe& s = stripe(key);
  const std::lock_guard lock(s.mutex);
  if (s.pending.size() >= pending_per_stripe_ && !s.pending.contains(key)) return;
  s.pending[key] = activity;
  if (const auto it = s.entries.find(key); it != s.entries.end()) overlay(s, it->second.identity);
}

std::vector<IdentityCache::Pending> IdentityCache::pending() const {
  std::vector<Pending> out;
  for (const Stripe& s : stripes_) {
    const std::lock_guard lock(s.mutex);
    for (const auto& [key, activity] : s.pending) out.push_back({key, activity});
  }
  return out;
}

void IdentityCache::settle(const std::vector<Pending>& written) {
  for (const Pending& w : written) {
    Stripe& s = stripe(w.key);
    const std::lock_guard lock(s.mutex);
    // The cached copy was given the times by note(), but a reader between COMMIT and here may hold a row read before.
    ++s.epoch;
    const auto it = s.pending.find(w.key);
    if (it != s.pending.end() && it->second == w.activity) s.pending.erase(it);
  }
}

}  // namespace nave::store::embedded
