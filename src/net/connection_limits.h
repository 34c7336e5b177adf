// How many connections there are, in all and per peer, counted across the shards.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <unordered_map>

#include "net/socket.h"

namespace nave::net {

// Thread-safe.
class ConnectionLimits {
 public:
  enum class Verdict : uint8_t { kAdmitted, kTooMany, kTooManyFromAddress };

  ConnectionLimits(size_t total_max, size_t per_address_max)
      : total_max_(total_max), per_address_max_(per_address_max) {}

  // kAdmitted must be followed by one leave() with the same key.
  [[nodiscard]] Verdict enter(const AddressKey& key);
  void leave(const AddressKey& key);

 private:
  struct KeyHash {
    size_t operator()(const AddressKey& key) const noexcept;
  };
  struct Stripe {
    std::mutex mutex;
    std::unordered_map<AddressKey, size_t, KeyHash> counts;
  };
  Stripe& stripe(const AddressKey& key) { return stripes_[KeyHash{}(key) % stripes_.size()]; }

  const size_t total_max_;
  const size_t per_address_max_;
  std::atomic<size_t> total_{0};
  std::array<Stripe, 16> stripes_;
};

}  // namespace nave::net
