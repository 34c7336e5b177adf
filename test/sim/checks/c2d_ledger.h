// Cloud-to-device messages: what was accepted is kept until it is completed or rejected, which happens once; until then
// it can be had again, by one receiver at a time, the oldest first.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "sim/scheduler.h"

namespace nave::sim {

class C2dLedger {
 public:
  explicit C2dLedger(Scheduler& scheduler) : scheduler_(scheduler) {}

  // --- senders.
  [[nodiscard]] std::string next_body(const IdentityKey& to);
  void on_accepted(std::string_view body);

  // --- the store, as things become durable.
  void on_stored(const IdentityKey& key, uint64_t sequence, std::string_view record);
  void on_removed(const std::vector<uint64_t>& sequences);
  void on_erased(const IdentityKey& key);

  // --- receivers. The hub's memory, and every lock in it, ends with `life`.
  void on_received(const IdentityKey& key, uint64_t sequence, std::string_view record, int64_t lock_us,
                   const Life& life);
  // It is about to be settled: what comes of it will be known, or never.
  void begin_settle(uint64_t sequence, bool abandons);
  void on_settled(uint64_t sequence, bool removes);
  // Given back.
  void on_released(uint64_t sequence) { stored_.at(sequence).locked_until_us = 0; }

  // At the end: of what was accepted nothing is there any more, and nothing is gone that nobody took.
  void check_end();
  // Those that are still to be had, for an identity or for all.
  [[nodiscard]] size_t waiting() const;
  [[nodiscard]] uint64_t settled() const { return settled_; }

 private:
  struct Sent {
    IdentityKey to;
    bool accepted = false;
    bool stored = false;
  };
  struct Stored {
    IdentityKey key;
    std::string body;
    bool removed = false;
    bool may_be_removed = false;  // somebody has completed or rejected it, perhaps without an answer
    bool settled = false;         // and was told so
    bool ever_locked = false;
    int64_t locked_until_us = 0;
    std::weak_ptr<const bool> locked_in;
  };
  [[nodiscard]] Sent* find(std::string_view body);
  [[nodiscard]] static std::string body_of(std::string_view record);

  Scheduler& scheduler_;
  std::map<std::string, Sent, std::less<>> sent_;
  std::map<uint64_t, Stored> stored_;  // by sequence number
  uint64_t last_ = 0;
  uint64_t settled_ = 0;
};

}  // namespace nave::sim
