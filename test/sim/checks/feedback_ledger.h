// What became of messages whose senders asked: one record per message, had by one receiver at a time, again and again
// until one has settled it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hub/c2d/command.h"
#include "sim/checks/hold.h"
#include "sim/scheduler.h"

namespace nave::sim {

class FeedbackLedger {
 public:
  explicit FeedbackLedger(Scheduler& scheduler) : scheduler_(scheduler) {}

  // --- the store.
  void on_stored(const hub::Feedback& feedback);
  // Read for a receiver that gets it now.
  void on_loaded(const std::vector<hub::StoredFeedback>& records);
  void on_removed(const std::vector<uint64_t>& sequences);
  // The hub's memory is gone, and with it every lock.
  void on_restart();

  // --- receivers. Returns the message ids of a batch, which name it from now on.
  using Batch = std::vector<std::string>;
  [[nodiscard]] Batch on_received(std::string_view json, const Hold& hold);
  // Completed or rejected: it may go.
  void begin_removal(const Batch& batch);
  void begin_abandon(const Batch& batch);
  // Given back, or the lock was lost.
  void on_released(const Batch& batch);

  [[nodiscard]] size_t waiting() const { return waiting_; }
  [[nodiscard]] size_t received() const { return received_; }
  void check_end();

 private:
  struct Record {
    std::string status;
    std::string device;
    uint32_t receipts = 0;
    uint32_t loads = 0;
    uint32_t abandons = 0;
    bool may_be_removed = false;
    bool removed = false;
    Hold hold;
  };
  Scheduler& scheduler_;
  std::map<std::string, Record, std::less<>> records_;  // by message id
  std::map<uint64_t, std::string> ids_;                 // by sequence number, of those that were loaded
  size_t waiting_ = 0;
  size_t received_ = 0;
};

}  // namespace nave::sim
