#include "sim/checks/session_ledger.h"

#include <utility>

namespace nave::sim {

void SessionLedger::on_connected(const IdentityKey& key, std::function<bool()> live) {
  sessions_[key].push_back({scheduler_.now(), std::move(live)});
}

void SessionLedger::check() {
  constexpr int64_t kTakeOverUs = 2 * kS;
  for (auto& [key, entries] : sessions_) {
    std::erase_if(entries, [](const Entry& e) { return !e.live(); });
    if (entries.size() > 1 && scheduler_.now() - entries[1].since_us > kTakeOverUs) {
      scheduler_.fail("two live sessions of " + key.text());
    }
    const auto forbidden = forbidden_.find(key);
    if (forbidden == forbidden_.end() || scheduler_.now() - forbidden->second <= kTakeOverUs) continue;
    if (!entries.empty() && entries.front().since_us < forbidden->second) {
      scheduler_.fail("a session outlived its identity: " + key.text());
    }
  }
}

void SessionLedger::check_presence(const hub::SessionDirectory& directory) {
  check();
  for (const auto& [key, entries] : sessions_) {
    scheduler_.expect(entries.size() <= 1, "two live sessions of " + key.text() + " at the end");
    const bool shown = directory.presence(key).has_value();
    if (shown && entries.empty()) scheduler_.fail("shown as connected, and is not: " + key.text());
    if (!shown && !entries.empty()) scheduler_.fail("connected, and not shown: " + key.text());
  }
}

}  // namespace nave::sim
