// The thread that reads from the disk, so that shards never wait for it.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "hub/ports.h"
#include "store/embedded/log/event_reader.h"

namespace nave::store::embedded {

// Thread-safe. Several may share one segment set.
class ReadThread {
 public:
  ReadThread(const SegmentSet& segments, DamageReport& report);
  ~ReadThread();
  ReadThread(const ReadThread&) = delete;
  ReadThread& operator=(const ReadThread&) = delete;

  struct Request {
    uint16_t partition;
    int64_t from;
    size_t events_max;
    size_t bytes_max;
    Executor* reply_on;
    hub::EventReply reply;
  };
  // The reply is posted in any case: kUnavailable when too many wait, or after stop().
  void submit(Request request);
  // Answers what waits with kUnavailable and joins.
  void stop();

 private:
  void run();
  static void answer(Request& request, Result<hub::EventBatch, hub::StoreError> result);

  EventReader reader_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Request> requests_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace nave::store::embedded
