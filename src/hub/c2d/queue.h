// The messages of one identity, without their contents: which are to be had, which are locked, which are being settled.
// Decides; storing and telling are the service's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hub/c2d/command.h"
#include "hub/c2d/lock_token.h"

namespace nave::hub {

// Not thread-safe. Steady times in milliseconds.
class C2dQueue {
 public:
  enum class State : uint8_t {
    kReady,     // the next receiver gets it, unless it has expired
    kLocked,    // a receiver has it
    kSettling,  // its end, or its abandon, is on the way to disk; nobody gets it and nobody can settle it
    kDamaged,   // its content is lost; it waits for its expiry
  };
  struct Item {
    CommandHead head;
    State state = State::kReady;
    LockToken lock;                // of the last receiver
    int64_t lock_deadline = 0;     // the same
    State before = State::kReady;  // settling: where a failure of the disk puts it back to
  };

  // `stored` messages wait on disk and are not known yet.
  C2dQueue(std::string generation_id, size_t stored) : generation_id_(std::move(generation_id)), stored_(stored) {}

  [[nodiscard]] const std::string& generation_id() const { return generation_id_; }
  [[nodiscard]] bool loaded() const { return stored_ == 0; }
  // Nothing is submitted for a queue that is not loaded, so what is read from disk meanwhile is exact.
  void load(std::vector<CommandHead> heads);

  // Locked and settling ones count, and those whose sender waits for the disk.
  [[nodiscard]] size_t depth() const { return stored_ + items_.size() + sending_; }
  [[nodiscard]] bool empty() const { return depth() == 0; }

  // A message is on its way to disk; sent() ends that, with the message if it is there now.
  void begin_send() { ++sending_; }
  void sent(std::optional<CommandHead> head);

  // Locks the oldest message that is ready and not expired. nullptr: none.
  [[nodiscard]] Item* lock_next(UtcTime now, int64_t lock_deadline);
  [[nodiscard]] Item* find(uint64_t sequence);
  [[nodiscard]] Item* find_locked(const LockToken& lock);
  // Ready again; the count stays.
  static void unlock(Item& item) { item.state = State::kReady; }
  static void begin_settle(Item& item);
  static void undo_settle(Item& item) { item.state = item.before; }
  void erase(uint64_t sequence) { items_.erase(sequence); }

  // What has expired and nobody holds.
  [[nodiscard]] std::vector<Item*> expired(UtcTime now);
  // What is not being settled.
  [[nodiscard]] std::vector<Item*> purgeable();
  [[nodiscard]] std::vector<Item*> locked();

 private:
  const std::string generation_id_;
  size_t stored_;
  size_t sending_ = 0;
  std::map<uint64_t, Item> items_;  // by sequence
};

}  // namespace nave::hub
