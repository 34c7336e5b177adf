// What the actors of a simulation share.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "auth/sas_token.h"
#include "base/base64.h"
#include "base/ids.h"
#include "hub/hub_info.h"
#include "sim/checks/c2d_ledger.h"
#include "sim/checks/feedback_ledger.h"
#include "sim/checks/method_ledger.h"
#include "sim/checks/session_ledger.h"
#include "sim/checks/telemetry_ledger.h"
#include "sim/checks/twin_ledger.h"
#include "sim/network.h"
#include "sim/scheduler.h"

namespace nave::sim {

// The keys that identities have or may have: a change whose answer was lost leaves several.
class KeyRing {
 public:
  explicit KeyRing(Scheduler& scheduler) : scheduler_(scheduler) {}

  [[nodiscard]] std::string make_key() {
    std::string bytes;
    while (bytes.size() < 32) append_le(bytes, scheduler_.rng.next());
    return base64_encode(bytes);
  }
  void add(const IdentityKey& key, const std::string& value) { keys_[key].push_back(value); }
  void set(const IdentityKey& key, const std::string& value) { keys_[key] = {value}; }
  [[nodiscard]] std::string any(const IdentityKey& key) {
    const std::vector<std::string>& all = keys_[key];
    return all.empty() ? make_key() : scheduler_.rng.pick(all);
  }

  const std::string policy_key = base64_encode("the key of all policies, 32 byte");

 private:
  Scheduler& scheduler_;
  std::map<IdentityKey, std::vector<std::string>> keys_;
};

// "/devices/d" or "/devices/d/modules/m".
[[nodiscard]] inline std::string path_of(const IdentityKey& key) {
  return "/devices/" + key.device + (key.is_module() ? "/modules/" + key.module : "");
}

struct Stage {
  Scheduler& scheduler;
  Network& network;
  const hub::HubInfo& info;
  KeyRing& keys;
  TelemetryLedger& telemetry;
  TwinLedger& twins;
  MethodLedger& methods;
  SessionLedger& sessions;
  C2dLedger& commands;
  FeedbackLedger& feedback;

  [[nodiscard]] int64_t now_s() const { return unix_seconds(scheduler.clock.utc()); }
  [[nodiscard]] std::string device_token(const IdentityKey& key, int64_t life_s = 3600) const {
    return auth::make_sas(info.host_name + path_of(key), keys.any(key), now_s() + life_s, "");
  }
  [[nodiscard]] std::string policy_token() const {
    return auth::make_sas(info.host_name, keys.policy_key, now_s() + 3600, "owner");
  }
};

}  // namespace nave::sim
