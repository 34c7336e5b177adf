// Cloud-to-device messages: what was accepted is kept until somebody has settled it, which happens once; until then it
// can be had again, by one receiver at a time, the oldest first. How it ended is what its feedback says.
//
// The ledger sees the moment at which the hub hands a message out: that is when it reads its content.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "hub/c2d/command.h"
#include "sim/checks/feedback_ledger.h"
#include "sim/checks/hold.h"
#include "sim/scheduler.h"

namespace nave::sim {

class C2dLedger {
 public:
  C2dLedger(Scheduler& scheduler, FeedbackLedger& feedback) : scheduler_(scheduler), feedback_(feedback) {}

  // --- senders. The body of a message is its id, too; no two are the same.
  struct Order {
    std::string body;
    hub::AckRequest ack = hub::AckRequest::kNone;
    UtcTime expires = kNever;  // kNever: it does not say
  };
  // A message is about to be sent.
  [[nodiscard]] Order next(const IdentityKey& to);
  void on_accepted(std::string_view body);
  // From now until it is known to be over the queue may be emptied.
  void begin_purge(const IdentityKey& key) { purges_[key] = kForever; }
  void end_purge(const IdentityKey& key, int64_t at_us) { purges_[key] = at_us; }

  // --- the store, as things become durable or are read.
  void on_stored(const IdentityKey& key, uint64_t sequence, std::string_view record);
  void on_removed(const std::vector<hub::CommandRemoval>& removals);
  void on_erased(const IdentityKey& key);
  void on_loaded(const IdentityKey& key, uint64_t sequence);
  // The hub's memory is gone, and with it every lock.
  void on_restart();

  // --- receivers. Nobody completes what is sent to this one.
  void deliver_at_most_once(const IdentityKey& key) { at_most_once_[key] = true; }
  // `link`: 0 at its start, and the ledger's from then on; what was handed out to it arrives in the same order.
  void on_received(const IdentityKey& key, std::string_view body, Hold hold, uint64_t* link = nullptr);
  // It is about to be settled: what comes of it will be known, or never.
  void begin_settle(std::string_view body, hub::C2dOutcome outcome);
  void on_settled(std::string_view body, hub::C2dOutcome outcome);
  // Given back, or the lock was lost.
  void on_released(std::string_view body);

  // At the end: of what was accepted nothing is there any more, and nothing is gone that nobody took.
  void check_end();
  // Those that are on the disk.
  [[nodiscard]] size_t waiting() const { return waiting_; }
  [[nodiscard]] size_t waiting(const IdentityKey& key) const;
  [[nodiscard]] uint64_t settled() const { return settled_; }

 private:
  struct Message {
    IdentityKey to;
    Order order;
    bool accepted = false;
    uint64_t sequence = 0;  // 0: not stored
    bool removed = false;
    bool settled = false;  // somebody was told that it is completed or rejected
    uint32_t loads = 0;
    uint64_t last_load = 0;  // of all, which
    uint32_t receipts = 0;
    // What somebody has begun.
    bool completing = false;
    bool rejecting = false;
    uint32_t abandons = 0;
    Hold hold;
  };
  using Queue = std::map<uint64_t, Message*>;  // by sequence number
  static constexpr int64_t kForever = INT64_MAX;

  [[nodiscard]] Message* find(std::string_view body);
  [[nodiscard]] static std::string body_of(std::string_view record);
  void remove(Message& message);
  // Can it have ended like this?
  [[nodiscard]] bool possible(const Message& message, hub::FeedbackStatus status) const;

  Scheduler& scheduler_;
  FeedbackLedger& feedback_;
  std::map<std::string, Message, std::less<>> messages_;  // by body
  std::map<uint64_t, Message*> stored_;                   // by sequence number
  std::map<IdentityKey, Queue> queues_;                   // what is on the disk
  std::map<IdentityKey, int64_t> purges_;                 // until when
  std::map<IdentityKey, bool> at_most_once_;
  uint64_t last_ = 0;
  uint64_t loads_ = 0;
  uint64_t settled_ = 0;
  size_t waiting_ = 0;
};

}  // namespace nave::sim
