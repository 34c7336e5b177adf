#include "base/timer_wheel.h"

#include <algorithm>

namespace nave {

void Timer::cancel() {
  if (next_ == nullptr) return;
  prev_->next_ = next_;
  next_->prev_ = prev_;
  prev_ = next_ = nullptr;
}

TimerWheel::TimerWheel(int64_t now_ms) : now_ms_(now_ms), tick_(now_ms / kTickMs) {
  for (Slot& s : slots_) s.prev_ = s.next_ = &s;
}

TimerWheel::~TimerWheel() {
  for (Slot& s : slots_) {
    while (s.next_ != &s) s.next_->cancel();
    s.prev_ = s.next_ = nullptr;
  }
}

void TimerWheel::link(Timer& timer) {
  // Rounded up, so that the slot's turn never comes before the deadline.
  const int64_t tick = (timer.deadline_ms_ + kTickMs - 1) / kTickMs;
  Slot& s = slots_[static_cast<size_t>(tick) % kSlots];
  timer.prev_ = s.prev_;
  timer.next_ = &s;
  s.prev_->next_ = &timer;
  s.prev_ = &timer;
}

void TimerWheel::arm(Timer& timer, int64_t delay_ms) {
  timer.cancel();
  timer.deadline_ms_ = now_ms_ + std::max<int64_t>(delay_ms, 1);
  link(timer);
}

void TimerWheel::advance(int64_t now_ms) {
  now_ms_ = std::max(now_ms, now_ms_);
  const int64_t target = now_ms_ / kTickMs;
  // A long pause visits every slot at most once.
  const int64_t first = std::max(tick_ + 1, target - static_cast<int64_t>(kSlots) + 1);
  for (int64_t t = first; t <= target; ++t) {
    Slot& s = slots_[static_cast<size_t>(t) % kSlots];
    // The due list is moved aside first: a handler may arm into the slot that is being walked.
    Slot due;
    due.prev_ = due.next_ = &due;
    for (Timer* it = s.next_; it != &s;) {
      Timer* const next = it->next_;
      if (it->deadline_ms_ <= now_ms_) {
        it->cancel();
        it->prev_ = due.prev_;
        it->next_ = &due;
        due.prev_->next_ = it;
        due.prev_ = it;
      }
      it = next;
    }
    while (due.next_ != &due) {
      Timer* const timer = due.next_;
      timer->cancel();
      timer->on_timer();
    }
    due.prev_ = due.next_ = nullptr;
  }
  tick_ = target;
}

}  // namespace nave
