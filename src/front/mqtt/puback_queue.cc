#include "front/mqtt/puback_queue.h"

#include <algorithm>

#include "wire/mqtt/encoder.h"

namespace nave::front::mqtt {
namespace {

void append(std::string& out, uint16_t packet_id) {
  if (packet_id != 0) wire::mqtt::append_puback(out, packet_id);
}

}  // namespace

void PubackQueue::add_request(uint16_t packet_id, size_t telemetry_before) {
  if (entries_.empty()) telemetry_before_ = telemetry_before;
  entries_.push_back({packet_id, false});
}

void PubackQueue::add_telemetry(uint16_t packet_id) {
  if (!entries_.empty()) entries_.push_back({packet_id, true});
}

void PubackQueue::telemetry_done(uint16_t packet_id, std::string& out) {
  if (entries_.empty()) return append(out, packet_id);
  if (telemetry_before_ > 0) {
    --telemetry_before_;
    append(out, packet_id);
  } else {
    const auto first = std::ranges::find_if(entries_, [](const Entry& e) { return e.is_telemetry && !e.done; });
    if (first != entries_.end()) first->done = true;
  }
  flush(out);
}

void PubackQueue::request_done(uint16_t packet_id, std::string& out) {
  const auto entry = std::ranges::find_if(
      entries_, [&](const Entry& e) { return !e.is_telemetry && !e.done && e.packet_id == packet_id; });
  if (entry != entries_.end()) entry->done = true;
  flush(out);
}

void PubackQueue::flush(std::string& out) {
  if (telemetry_before_ > 0) return;
  const auto waiting = std::ranges::find(entries_, false, &Entry::done);
  for (auto it = entries_.begin(); it != waiting; ++it) append(out, it->packet_id);
  entries_.erase(entries_.begin(), waiting);
}

}  // namespace nave::front::mqtt
