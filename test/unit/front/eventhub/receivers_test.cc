#include "front/eventhub/receivers.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/limits.h"

namespace nave::front::eventhub {
namespace {

class QueueExecutor final : public Executor {
 public:
  void post(UniqueFunction<void()> f) override { queue_.push_back(std::move(f)); }
  void run() {
    while (!queue_.empty()) {
      auto f = std::move(queue_.front());
      queue_.pop_front();
      f();
    }
  }

 private:
  std::deque<UniqueFunction<void()>> queue_;
};

class Reader final : public Evictable {
 public:
  Reader(Executor& executor, std::string name, std::optional<int64_t> epoch)
      : seat(std::make_shared<Seat>(executor, *this, std::move(name), epoch)) {}
  ~Reader() override { seat->owner = nullptr; }
  void evict(const Verdict& verdict) override { verdicts.push_back(verdict); }
  std::shared_ptr<Seat> seat;
  std::vector<Verdict> verdicts;
};

class Receivers : public ::testing::Test {
 protected:
  Metrics metrics;
  ReceiverRegistry registry{metrics};
  QueueExecutor shard;
  const SeatKey key{"$Default", 0};
};

struct EpochCase {
  std::optional<int64_t> first;
  std::optional<int64_t> second;
  bool admitted;
  bool evicts;
};

TEST_F(Receivers, EpochRules) {
  const EpochCase cases[] = {
      {std::nullopt, std::nullopt, true, false},
      {std::nullopt, 0, true, true},
      {0, std::nullopt, false, false},
      {0, 0, true, true},
      {1, 2, true, true},
      {2, 1, false, false},
      {-5, -6, false, false},
      {-6, -5, true, true},
  };
  for (const EpochCase& c : cases) {
    ReceiverRegistry fresh(metrics);
    Reader first(shard, "", c.first);
    Reader second(shard, "", c.second);
    ASSERT_TRUE(fresh.take(key, first.seat));
    const auto taken = fresh.take(key, second.seat);
    shard.run();
    EXPECT_EQ(taken.has_value(), c.admitted) << c.first.value_or(-1) << " then " << c.second.value_or(-1);
    EXPECT_EQ(first.verdicts.size(), c.evicts ? 1u : 0u) << c.first.value_or(-1) << " then " << c.second.value_or(-1);
    if (!taken) {
      EXPECT_EQ(taken.error().condition, "amqp:link:stolen");
    }
    fresh.release(key, first.seat);
    fresh.release(key, second.seat);
    EXPECT_EQ(fresh.count(key), 0u);
  }
}

TEST_F(Receivers, TextsThatClientsSearchIn) {
  Reader old(shard, "old", 1);
  Reader young(shard, "", 2);
  Reader late(shard, "late", 1);
  Reader plain(shard, "", std::nullopt);
  ASSERT_TRUE(registry.take(key, old.seat));
  ASSERT_TRUE(registry.take(key, young.seat));
  shard.run();
  ASSERT_EQ(old.verdicts.size(), 1u);
  EXPECT_EQ(
      old.verdicts[0].description.substr(0, 109),
      "New receiver 'nil' with higher epoch of '2' is created hence current receiver 'old' with epoch '1' is getting");
  const auto lower = registry.take(key, late.seat);
  ASSERT_FALSE(lower);
  EXPECT_EQ(lower.error().description.substr(0, 53), "Receiver 'nil' with a higher epoch '2' already exists");
  const auto none = registry.take(key, plain.seat);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().description.substr(0, 73),
            "At least one receiver for the endpoint is created with epoch of '2', and ");
}

TEST_F(Receivers, FiveWithoutEpochAndNotSix) {
  std::deque<Reader> readers;
  for (size_t i = 0; i < limits::kEventReceiversPerPartitionMax; ++i) {
    readers.emplace_back(shard, "", std::nullopt);
    EXPECT_TRUE(registry.take(key, readers.back().seat));
  }
  Reader sixth(shard, "", std::nullopt);
  const auto refused = registry.take(key, sixth.seat);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().condition, "amqp:resource-limit-exceeded");
  EXPECT_TRUE(registry.take(SeatKey{"$Default", 1}, sixth.seat)) << "another partition has places of its own";
  EXPECT_TRUE(registry.take(SeatKey{"other", 0}, sixth.seat)) << "another consumer group has places of its own";
  registry.release(key, readers.front().seat);
  Reader again(shard, "", std::nullopt);
  EXPECT_TRUE(registry.take(key, again.seat));
}

TEST_F(Receivers, AnEpochSendsAllOthersAwayAndTheGaugeFollows) {
  Reader a(shard, "", std::nullopt);
  Reader b(shard, "", std::nullopt);
  Reader c(shard, "", 0);
  ASSERT_TRUE(registry.take(key, a.seat));
  ASSERT_TRUE(registry.take(key, b.seat));
  EXPECT_EQ(metrics.gauge("nave_eventhub_receivers", "").value(), 2);
  ASSERT_TRUE(registry.take(key, c.seat));
  shard.run();
  EXPECT_EQ(a.verdicts.size(), 1u);
  EXPECT_EQ(b.verdicts.size(), 1u);
  EXPECT_EQ(metrics.gauge("nave_eventhub_receivers", "").value(), 1);
  registry.release(key, a.seat);
  EXPECT_EQ(metrics.gauge("nave_eventhub_receivers", "").value(), 1) << "a place that was taken away is not given back";
  registry.release(key, c.seat);
  EXPECT_EQ(metrics.gauge("nave_eventhub_receivers", "").value(), 0);
}

TEST_F(Receivers, ADeadReceiverHearsNothing) {
  auto old = std::make_unique<Reader>(shard, "", 1);
  Reader young(shard, "", 1);
  ASSERT_TRUE(registry.take(key, old->seat));
  ASSERT_TRUE(registry.take(key, young.seat));
  old.reset();
  shard.run();
  EXPECT_EQ(registry.count(key), 1u);
}

}  // namespace
}  // namespace nave::front::eventhub
