#include "net/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace nave::net {

EventLoop::EventLoop(const Clock& clock) : clock_(clock), timers_(clock.steady_ms()) {
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  wake_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;  // the only source without an object
  if (wake_fd_ < 0 || epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event) != 0) {
    const int error = errno;
    if (wake_fd_ >= 0) ::close(wake_fd_);
    ::close(epoll_fd_);
    throw std::system_error(error, std::generic_category(), "eventfd");
  }
}

EventLoop::~EventLoop() {
  ::close(wake_fd_);
  ::close(epoll_fd_);
}

void EventLoop::post(UniqueFunction<void()> f) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(f));
    wake = asleep_.exchange(false, std::memory_order_relaxed);
  }
  if (wake) {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t n = ::write(wake_fd_, &one, sizeof one);  // a full counter wakes just as well
  }
}

bool EventLoop::watch(int fd, uint32_t events, EventSource& source) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &source;
  return epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0;
}

void EventLoop::change(int fd, uint32_t events, EventSource& source) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &source;
  epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::unwatch(int fd) {
  epoll_event event{};
  epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, &event);
}

void EventLoop::turn(bool more) {
  sleep_and_dispatch(sleep_ms(more));
  timers_.advance(clock_.steady_ms());
  run_posted();
}

// Decides under the lock, so that a function posted meanwhile is either seen here or wakes the sleep.
int EventLoop::sleep_ms(bool more) {
  const std::lock_guard lock(mutex_);
  if (more || !posted_.empty()) return 0;
  asleep_.store(true, std::memory_order_relaxed);
  return static_cast<int>(TimerWheel::kTickMs - timers_.now_ms() % TimerWheel::kTickMs);
}

void EventLoop::sleep_and_dispatch(int timeout_ms) {
  std::array<epoll_event, 256> events;
  const int n = epoll_wait(epoll_fd_, events.data(), static_cast<int>(events.size()), timeout_ms);
  asleep_.store(false, std::memory_order_relaxed);
  for (int i = 0; i < n; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    if (event.data.ptr == nullptr) {
      uint64_t count = 0;
      [[maybe_unused]] const ssize_t r = ::read(wake_fd_, &count, sizeof count);
    } else {
      static_cast<EventSource*>(event.data.ptr)->on_events(event.events);
    }
  }
}

void EventLoop::run_posted() {
  {
    const std::lock_guard lock(mutex_);
    batch_.swap(posted_);
  }
  for (UniqueFunction<void()>& f : batch_) {
    f();
    f = nullptr;  // what it owned goes before the next one runs
  }
  batch_.clear();
}

}  // namespace nave::net
