// Who is connected, as the clients see it: at most one of them per identity, and the hub's directory agrees once
// everything has come to rest.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "base/ids.h"
#include "hub/session/directory.h"
#include "sim/scheduler.h"

namespace nave::sim {

class SessionLedger {
 public:
  explicit SessionLedger(Scheduler& scheduler) : scheduler_(scheduler) {}

  // The hub has let it in; `live` says whether the hub still serves it.
  void on_connected(const IdentityKey& key, std::function<bool()> live);
  // The identity was deleted or disabled, and somebody was told so: sessions from before have to end.
  void on_forbidden(const IdentityKey& key) { forbidden_[key] = scheduler_.now(); }
  // Of two sessions the hub must have ended the older one by now.
  void check();
  // When nothing is under way any more.
  void check_presence(const hub::SessionDirectory& directory);

 private:
  struct Entry {
    int64_t since_us;
    std::function<bool()> live;
  };
  Scheduler& scheduler_;
  std::map<IdentityKey, int64_t> forbidden_;
  std::map<IdentityKey, std::vector<Entry>> sessions_;  // oldest first
};

}  // namespace nave::sim
