// Senders and receivers of cloud-to-device messages, at the hub's own border (hub/c2d/service.h) until its fronts speak
// them: receivers lock, complete, reject, abandon, give back, or forget.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hub/c2d/service.h"
#include "sim/actors/actor.h"
#include "sim/checks/c2d_ledger.h"

namespace nave::sim {

// The way into the hub; all null while it is down.
struct C2dDoor {
  hub::C2dService* service = nullptr;
  Executor* executor = nullptr;
  Life life = nullptr;  // of its memory; not what its events hold
};

class C2dDesk final : public Actor {
 public:
  C2dDesk(Stage& stage, C2dLedger& ledger, const C2dDoor& door, std::vector<IdentityKey> keys,
          const hub::DeviceStore& rows)
      : Actor(stage), ledger_(ledger), door_(door), keys_(std::move(keys)), rows_(rows) {}

  [[nodiscard]] std::string waits_for() const override {
    return ledger_.waiting() == 0 ? "" : std::to_string(ledger_.waiting()) + " cloud-to-device messages";
  }
  void check() override { ledger_.check_end(); }

 private:
  // A message that was received and not settled.
  struct Held {
    IdentityKey key;
    hub::LockToken lock;
    uint64_t sequence;
    Life life;
  };
  void act() override;
  void close_all() override { held_.clear(); }
  void send();
  void receive();
  void settle(Held held);

  C2dLedger& ledger_;
  const C2dDoor& door_;
  const std::vector<IdentityKey> keys_;
  const hub::DeviceStore& rows_;
  std::vector<Held> held_;
};

}  // namespace nave::sim
