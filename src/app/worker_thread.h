// A thread that runs what is posted to it, in order.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/executor.h"

namespace nave::app {

class WorkerThread final : public Executor {
 public:
  WorkerThread() : thread_([this] { run(); }) {}
  ~WorkerThread() override { stop(); }
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  // What comes after stop() is dropped.
  void post(UniqueFunction<void()> f) override;
  // Waits for what runs. What still waits, and what is posted from now on, is dropped where it is.
  void stop();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<UniqueFunction<void()>> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace nave::app
