// Identities that were read lately, so that a connect or a request costs no SQL; and the activity times that have not
// been written yet.
#pragma once

#include <array>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "hub/device/identity.h"

namespace nave::store::embedded {

struct Activity {
  UtcTime connection_state_updated = kNever;
  UtcTime last_activity = kNever;
  bool operator==(const Activity&) const = default;
};

// A row that a committed change wrote.
struct Touched {
  IdentityKey key;
  bool came_or_went = false;  // created or erased, not just changed
};

// Thread-safe. Never holds a state older than a published one: a reader that missed takes the stripe's epoch before it
// reads the database, and what it read is kept only if nothing was published in the stripe since.
class IdentityCache {
 public:
  // `capacity`: identities kept, all stripes together. `pending_max`: activity times that may wait; more are dropped.
  IdentityCache(size_t capacity, size_t pending_max);

  struct Lookup {
    std::optional<hub::Identity> hit;
    uint64_t epoch = 0;  // for fill(), after a miss
  };
  [[nodiscard]] Lookup find(const IdentityKey& key);
  // `identity` was read from the database after find() returned `epoch`. Brings its activity times up to date.
  void fill(hub::Identity& identity, uint64_t epoch);
  // Only the second half of fill().
  void overlay(hub::Identity& identity);

  // After COMMIT returned and before any reply: the next find() must read the database.
  void publish(const std::vector<Touched>& touched);

  void note(const IdentityKey& key, const Activity& activity);
  struct Pending {
    IdentityKey key;
    Activity activity;
  };
  // Copies what waits to be written. It stays visible until settle() says that it is written.
  [[nodiscard]] std::vector<Pending> pending() const;
  void settle(const std::vector<Pending>& written);

 private:
  struct Entry {
    hub::Identity identity;
    std::list<const IdentityKey*>::iterator age;
  };
  struct Stripe {
    mutable std::mutex mutex;
    uint64_t epoch = 0;
    std::unordered_map<IdentityKey, Entry> entries;
    std::list<const IdentityKey*> ages;  // most recently used first; points to the keys of `entries`
    std::unordered_map<IdentityKey, Activity> pending;
  };
  static constexpr size_t kStripes = 16;

  Stripe& stripe(const IdentityKey& key) { return stripes_[std::hash<IdentityKey>{}(key) / 7 % kStripes]; }
  static void drop(Stripe& s, const IdentityKey& key);
  static void overlay(const Stripe& s, hub::Identity& identity);

  const size_t per_stripe_;
  const size_t pending_per_stripe_;
  std::array<Stripe, kStripes> stripes_;
};

}  // namespace nave::store::embedded
