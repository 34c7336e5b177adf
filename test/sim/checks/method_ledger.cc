#include "sim/checks/method_ledger.h"

namespace nave::sim {

uint64_t MethodLedger::begin(const std::string& device) {
  calls_.push_back({device});
  scheduler_.note("method", calls_.size() - 1);
  return calls_.size() - 1;
}

void MethodLedger::on_delivered(uint64_t number, const std::string& device) {
  scheduler_.note("method delivered", number);
  if (number >= calls_.size()) return scheduler_.fail("a method that nobody called reached a device");
  Call& call = calls_[number];
  scheduler_.expect(call.device == device, "a method reached another device");
  scheduler_.expect(!call.delivered, "a method reached a device twice");
  scheduler_.expect(!call.never_sent, "a method reached a device after its caller was told that it was not online");
  call.delivered = true;
}

void MethodLedger::on_ended(uint64_t number, int error, std::string_view payload) {
  scheduler_.note("method ended", number, static_cast<uint64_t>(error));
  constexpr int kDeviceNotOnline = 404103;
  Call& call = calls_[number];
  scheduler_.expect(!call.ended, "a method call ended twice");
  call.ended = true;
  if (error == kDeviceNotOnline) {
    scheduler_.expect(!call.delivered, "the device had the method, and the caller was told that it was not online");
    call.never_sent = true;
  }
  if (error != 0) return;
  ++answered_;
  scheduler_.expect(call.delivered, "a method was answered that no device had");
  scheduler_.expect(payload.find(answer_to(number)) != std::string_view::npos, "a method has another call's answer");
}

}  // namespace nave::sim
