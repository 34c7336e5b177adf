#include "hub/c2d/queue.h"

#include <utility>

namespace nave::hub {

void C2dQueue::load(std::vector<CommandHead> heads) {
  stored_ = 0;
  for (CommandHead& head : heads) {
    const uint64_t sequence = head.sequence;
    items_.emplace(sequence, Item{.head = std::move(head), .lock = {}});
  }
}

void C2dQueue::sent(std::optional<CommandHead> head) {
  --sending_;
  if (!head) return;
  const uint64_t sequence = head->sequence;
  items_.emplace(sequence, Item{.head = *std::move(head), .lock = {}});
}

C2dQueue::Item* C2dQueue::lock_next(UtcTime now, int64_t lock_deadline) {
  for (auto& [sequence, item] : items_) {
    if (item.state != State::kReady || item.head.expires <= now) continue;
    item.state = State::kLocked;
    item.lock = LockToken::make();
    item.lock_deadline = lock_deadline;
    return &item;
  }
  return nullptr;
}

C2dQueue::Item* C2dQueue::find(uint64_t sequence) {
  const auto it = items_.find(sequence);
  return it == items_.end() ? nullptr : &it->second;
}

C2dQueue::Item* C2dQueue::find_locked(const LockToken& lock) {
  for (auto& [sequence, item] : items_) {
    if (item.state == State::kLocked && item.lock == lock) return &item;
  }
  return nullptr;
}

void C2dQueue::begin_settle(Item& item) {
  item.before = item.state;
  item.state = State::kSettling;
}

std::vector<C2dQueue::Item*> C2dQueue::expired(UtcTime now) {
  std::vector<Item*> out;
  for (auto& [sequence, item] : items_) {
    const bool held = item.state == State::kLocked || item.state == State::kSettling;
    if (!held && item.head.expires <= now) out.push_back(&item);
  }
  return out;
}

std::vector<C2dQueue::Item*> C2dQueue::purgeable() {
  std::vector<Item*> out;
  for (auto& [sequence, item] : items_) {
    if (item.state != State::kSettling) out.push_back(&item);
  }
  return out;
}

std::vector<C2dQueue::Item*> C2dQueue::locked() {
  std::vector<Item*> out;
  for (auto& [sequence, item] : items_) {
    if (item.state == State::kLocked) out.push_back(&item);
  }
  return out;
}

}  // namespace nave::hub
