#include "sim/checks/telemetry_ledger.h"

#include <charconv>

#include "hub/telemetry/event.h"

namespace nave::sim {

uint64_t TelemetryLedger::new_stream(const std::string& device, bool whole) {
  streams_.push_back({device, whole, {}, -1});
  return streams_.size() - 1;
}

std::string TelemetryLedger::next_body(uint64_t stream) {
  ++messages_;
  streams_[stream].sends.emplace_back();
  return "T" + std::to_string(stream) + "." + std::to_string(streams_[stream].sends.size() - 1);
}

std::optional<TelemetryLedger::Place> TelemetryLedger::find(std::string_view body) {
  if (!body.starts_with('T')) return {};
  size_t stream = 0;
  size_t index = 0;
  const char* const end = body.data() + body.size();
  const auto dot = std::from_chars(body.data() + 1, end, stream);
  if (dot.ptr == end || *dot.ptr != '.' || std::from_chars(dot.ptr + 1, end, index).ptr != end ||
      stream >= streams_.size() || index >= streams_[stream].sends.size()) {
    scheduler_.fail("a message that nobody sent: " + std::string(body));
    return {};
  }
  return Place{&streams_[stream], index};
}

void TelemetryLedger::on_acknowledged(std::string_view body) {
  scheduler_.note("acknowledged", body);
  const auto place = find(body);
  if (!place) return;
  Send& send = place->stream->sends[place->index];
  if (!send.stored) scheduler_.fail("acknowledged before it was durable: " + std::string(body));
  if (send.acknowledged) scheduler_.fail("acknowledged twice: " + std::string(body));
  send.acknowledged = true;
  ++acknowledged_;
}

void TelemetryLedger::begin_recovery() {
  recovering_ = true;
  for (Partition& p : log_) p.recovered = 0;
}

void TelemetryLedger::end_recovery() {
  recovering_ = false;
  for (const Partition& p : log_) {
    if (p.recovered < static_cast<int64_t>(p.bodies.size()))
      scheduler_.fail("durable messages are gone after a restart");
  }
}

void TelemetryLedger::on_stored(PartitionId partition, SequenceNumber sequence, std::string_view record) {
  Partition& p = log_[partition.value()];
  hub::EventView event;
  if (!hub::decode_event(record, event)) return scheduler_.fail("a stored record cannot be read");
  if (recovering_ && sequence.value() != p.recovered++) return scheduler_.fail("a gap in the recovered offsets");
  const auto next = static_cast<int64_t>(p.bodies.size());
  if (recovering_ && sequence.value() < next) {
    scheduler_.expect(p.bodies[static_cast<size_t>(sequence.value())] == event.body,
                      "another message than before has the offset after a restart");
    return;
  }
  if (sequence.value() != next) return scheduler_.fail("an offset was left out or used twice");
  p.bodies.emplace_back(event.body);
  on_new(p.bodies.back(), event.find(hub::SystemProperty::kConnectionDeviceId).value_or(""));
}

void TelemetryLedger::on_new(const std::string& body, std::string_view device) {
  const auto place = find(body);
  if (!place) return;
  Stream& stream = *place->stream;
  Send& send = stream.sends[place->index];
  scheduler_.expect(!send.stored, "one message is stored twice: " + body);
  scheduler_.expect(stream.device == device, "a message is stored under another device: " + body);
  const auto index = static_cast<int64_t>(place->index);
  scheduler_.expect(index > stream.last_stored, "messages of one connection are stored out of order: " + body);
  if (stream.whole && index != stream.last_stored + 1) scheduler_.fail("an earlier message is missing before " + body);
  stream.last_stored = index;
  send.stored = true;
}

void TelemetryLedger::on_read(PartitionId partition, int64_t offset, std::string_view body, std::string_view device) {
  const Partition& p = log_[partition.value()];
  if (offset < 0 || offset >= static_cast<int64_t>(p.bodies.size()))
    return scheduler_.fail("read before it was durable");
  scheduler_.expect(p.bodies[static_cast<size_t>(offset)] == body, "a reader got another message at an offset");
  const auto place = find(body);
  scheduler_.expect(!place || place->stream->device == device, "a reader was told another device");
}

}  // namespace nave::sim
