#include "front/mqtt/c2d_window.h"

#include <algorithm>

#include "base/limits.h"

namespace nave::front::mqtt {

bool C2dWindow::full() const {
  return entries_.size() >= limits::kMqttOutboundWindow;
}

uint16_t C2dWindow::free_id_after(uint16_t last) const {
  do {
    last = packet_id_after(last);
  } while (std::ranges::count(entries_, last, &Entry::packet_id) > 0);
  return last;
}

void C2dWindow::add(uint16_t packet_id, const hub::LockToken& lock, int64_t lock_ends_ms) {
  entries_.push_back({packet_id, lock, lock_ends_ms});
}

std::optional<hub::LockToken> C2dWindow::take(uint16_t packet_id) {
  const auto found = std::ranges::find(entries_, packet_id, &Entry::packet_id);
  if (found == entries_.end()) return {};
  const hub::LockToken lock = found->lock;
  entries_.erase(found);
  return lock;
}

void C2dWindow::drop_ended(int64_t now_ms) {
  std::erase_if(entries_, [now_ms](const Entry& e) { return e.lock_ends_ms <= now_ms; });
}

std::optional<int64_t> C2dWindow::next_end_ms() const {
  const auto first = std::ranges::min_element(entries_, {}, &Entry::lock_ends_ms);
  if (first == entries_.end()) return {};
  return first->lock_ends_ms;
}

std::vector<hub::LockToken> C2dWindow::locks() const {
  std::vector<hub::LockToken> out;
  for (const Entry& e : entries_) out.push_back(e.lock);
  return out;
}

}  // namespace nave::front::mqtt
