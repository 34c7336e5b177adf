// Direct method calls: each ends exactly once, reaches a device at most once, and its answer is the device's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scheduler.h"

namespace nave::sim {

class MethodLedger {
 public:
  explicit MethodLedger(Scheduler& scheduler) : scheduler_(scheduler) {}

  // A call is about to be made; its number goes into the payload.
  [[nodiscard]] uint64_t begin(const std::string& device);
  void on_delivered(uint64_t call, const std::string& device);
  // The caller's answer. `error`: the hub's error code, 0 for an answer of the device.
  void on_ended(uint64_t call, int error, std::string_view payload);
  // The caller's connection is gone; it hears nothing more.
  void on_lost(uint64_t call) { calls_[call].ended = true; }

  [[nodiscard]] static std::string answer_to(uint64_t call) { return "{\"echo\":" + std::to_string(call) + "}"; }
  [[nodiscard]] uint64_t calls() const { return calls_.size(); }
  [[nodiscard]] uint64_t answered() const { return answered_; }

 private:
  struct Call {
    std::string device;
    bool delivered = false;
    bool ended = false;
    bool never_sent = false;  // the hub says so
  };
  Scheduler& scheduler_;
  std::vector<Call> calls_;
  uint64_t answered_ = 0;
};

}  // namespace nave::sim
