// One simulation: a hub that crashes and comes back, the network, the disks, the actors, and the mischief between them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/actors/actor.h"
#include "sim/hub.h"
#include "sim/stage.h"

namespace nave::sim {

struct Options {
  uint64_t seed = 1;
  int64_t seconds = 40;  // virtual, until everybody calms down
  bool trace = false;
};

struct Outcome {
  std::string failure;  // empty: everything held
  uint64_t trace_hash = 0;
  uint64_t events = 0;
  int64_t failed_at_us = 0;
  // That something was tested at all.
  uint64_t messages = 0;
  uint64_t acknowledged = 0;
  uint64_t methods = 0;
  uint64_t methods_answered = 0;
  uint64_t twin_writes = 0;
  uint64_t commands = 0;  // that were settled, as their receivers know
  uint64_t feedback = 0;  // records that were received
  uint64_t crashes = 0;
};

class World {
 public:
  explicit World(const Options& options);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  [[nodiscard]] Outcome run();

 private:
  void make_identities();
  void make_actors();
  void start_hub();
  void crash(int64_t down_us);
  void plan_mischief();
  void mischief();
  void plan_watch();
  void finish();
  // Until `done`; false if it takes longer than `most_us`, or something has failed.
  bool run_until(int64_t most_us, UniqueFunction<bool()> done);
  // Whatever an actor still waits for; empty if nobody does.
  [[nodiscard]] std::string waits_for() const;

  const Options options_;
  Scheduler scheduler_;
  Network network_;
  LogDisk log_disk_;
  StateDisk state_disk_;
  hub::HubInfo info_;
  KeyRing keys_;
  TelemetryLedger telemetry_;
  TwinLedger twins_;
  MethodLedger methods_;
  SessionLedger sessions_;
  FeedbackLedger feedback_;
  C2dLedger commands_;
  Stage stage_;
  std::vector<IdentityKey> stable_;
  std::vector<IdentityKey> changing_;
  std::vector<IdentityKey> over_amqp_;
  std::vector<std::unique_ptr<Actor>> actors_;
  std::unique_ptr<SimHub> hub_;  // nullptr while it is down
  bool calm_ = false;
  uint64_t crashes_ = 0;
  const Life life_ = make_life();
};

}  // namespace nave::sim
