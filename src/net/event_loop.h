// The loop of one shard: readiness of sockets (epoll), functions posted from anywhere, the timer wheel, and a hook at
// the end of each turn, which is where everything written during the turn is sent.
//
// Not Asio: its async_wait makes an epoll_ctl call for every event and allocates an operation for every waiting socket.
// A descriptor stays registered here, so an event costs the one epoll_wait that it shares with others.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/timer_wheel.h"

namespace nave::net {

class EventSource {
 public:
  virtual void on_events(uint32_t events) = 0;  // EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP

 protected:
  ~EventSource() = default;
};

// Everything but post() belongs to the thread in run(), or to the thread that builds the loop while
// it does not run.
class EventLoop final : public Executor {
 public:
  // Throws std::system_error.
  explicit EventLoop(const Clock& clock);
  ~EventLoop() override;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void post(UniqueFunction<void()> f) override;
  // run() returns at the end of the current turn.
  void stop() { running_ = false; }

  // Calls `end_of_turn` after every turn; while it returns true the loop does not sleep.
  template <class EndOfTurn>
  void run(EndOfTurn end_of_turn) {
    running_ = true;
    bool more = false;
    while (running_) {
      turn(more);
      more = end_of_turn();
    }
  }

  // Level-triggered. A source that was taken off must stay alive until the end of the turn: an event for it may have
  // been fetched already.
  [[nodiscard]] bool watch(int fd, uint32_t events, EventSource& source);
  void change(int fd, uint32_t events, EventSource& source);
  void unwatch(int fd);

  [[nodiscard]] TimerWheel& timers() { return timers_; }

 private:
  void turn(bool more);
  void sleep_and_dispatch(int timeout_ms);
  [[nodiscard]] int sleep_ms(bool more);
  void run_posted();

  const Clock& clock_;
  TimerWheel timers_;
  int epoll_fd_ = -1;
  int wake_fd_ = -1;
  bool running_ = false;

  // True only while the loop sleeps or is about to; whoever posts first clears it and wakes the loop.
  std::atomic<bool> asleep_{false};
  std::mutex mutex_;
  std::vector<UniqueFunction<void()>> posted_;  // guarded by mutex_
  std::vector<UniqueFunction<void()>> batch_;
};

}  // namespace nave::net
