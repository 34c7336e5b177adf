#include "net/connection_limits.h"

namespace nave::net {

size_t ConnectionLimits::KeyHash::operator()(const AddressKey& key) const noexcept {
  uint64_t high = 0;
  uint64_t low = 0;
  std::memcpy(&high, key.data(), 8);
  std::memcpy(&low, key.data() + 8, 8);
  uint64_t h = high * 0x9e3779b97f4a7c15ULL ^ low * 0xc2b2ae3d27d4eb4fULL;
  h ^= h >> 32;
  return static_cast<size_t>(h);
}

ConnectionLimits::Verdict ConnectionLimits::enter(const AddressKey& key) {
  if (total_.fetch_add(1, std::memory_order_relaxed) >= total_max_) {
    total_.fetch_sub(1, std::memory_order_relaxed);
    return Verdict::kTooMany;
  }
  Stripe& s = stripe(key);
  const std::lock_guard lock(s.mutex);
  size_t& count = s.counts[key];
  if (count >= per_address_max_) {
    if (count == 0) s.counts.erase(key);
    total_.fetch_sub(1, std::memory_order_relaxed);
    return Verdict::kTooManyFromAddress;
  }
  ++count;
  return Verdict::kAdmitted;
}

void ConnectionLimits::leave(const AddressKey& key) {
  total_.fetch_sub(1, std::memory_order_relaxed);
  Stripe& s = stripe(key);
  const std::lock_guard lock(s.mutex);
  const auto it = s.counts.find(key);
  if (it != s.counts.end() && --it->second == 0) s.counts.erase(it);
}

}  // namespace nave::net
