// Senders, receivers that give some back, and the tick on threads of their own: every message is completed exactly
// once.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "hub/c2d/service.h"
#include "store/memory/device_store.h"
#include "support/thread_executor.h"

namespace nave::hub {
namespace {

// What a reply brings, on the thread that waits for it.
class Waiter {
 public:
  auto reply() {
    return [this](const HubResult<void>& r) {
      const std::lock_guard lock(mutex_);
      ok_ = r.has_value();
      wake_.notify_one();
    };
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return ok_.has_value(); });
    return *std::exchange(ok_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<bool> ok_;
};

TEST(C2dThreads, EveryMessageIsCompletedExactlyOnce) {
  constexpr int kSenders = 3;
  constexpr int kEach = 300;
  SystemClock clock;
  Metrics metrics;
  store::memory::MemoryDeviceStore store;
  const HubInfo hub{"hub1.example.test", {}};
  SessionDirectory sessions(store, clock, metrics);
  Registry registry(store, sessions, hub, clock);
  test::ThreadExecutor executor;
  C2dService service(store, registry, sessions, clock, metrics, executor,
                     {.max_delivery_count = 100'000, .feedback = {}});
  const C2dService::Caller who{{"d", ""}, "1"};
  Identity identity;
  identity.key = who.key;
  identity.generation_id = who.generation_id;
  store.apply({{IdentityWrite::Kind::kPut, IdentityWrite::Expect::kAbsent, 0, identity}}, executor,
              [](Result<void, StoreError>) {});

  std::mutex mutex;
  std::multiset<std::string> completed;
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  for (int s = 0; s < kSenders; ++s) {
    threads.emplace_back([&, s] {
      Waiter waiter;
      for (int i = 0; i < kEach;) {
        const std::string body = std::to_string(s) + "-" + std::to_string(i);
        EventView message;
        message.body = body;
        service.send(who.key, message, executor, waiter.reply());
        if (waiter.wait()) ++i;  // else the queue is full
      }
    });
  }
  const auto receive = [&](int kind) {
    Waiter waiter;
    for (int i = 0; !done; ++i) {
      const auto delivery = service.receive(who);
      if (!delivery) continue;
      if (i % 7 == kind) {
        service.release(who.key, std::span(&delivery->lock, 1));
        continue;
      }
      const auto outcome = i % 5 == kind ? C2dOutcome::kAbandon : C2dOutcome::kComplete;
      EventView view;
      ASSERT_TRUE(decode_event(delivery->record, view));
      const std::string body(view.body);
      service.settle(who.key, delivery->lock, outcome, executor, waiter.reply());
      ASSERT_TRUE(waiter.wait());
      if (outcome == C2dOutcome::kAbandon) continue;
      const std::lock_guard lock(mutex);
      completed.insert(body);
      if (completed.size() == size_t{kSenders} * kEach) done = true;
    }
  };
  for (int r = 0; r < 2; ++r) threads.emplace_back(receive, r);
  threads.emplace_back([&] {
    while (!done) {
      service.on_tick();
      (void)service.depth(who.key);
      std::this_thread::yield();
    }
  });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(std::set<std::string>(completed.begin(), completed.end()).size(), completed.size());
  EXPECT_EQ(service.depth(who.key), 0U);
}

}  // namespace
}  // namespace nave::hub
