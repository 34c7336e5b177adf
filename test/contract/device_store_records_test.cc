// The rest of the DeviceStore contract: times, sessions, policies, settings, and many threads at once.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "contract/device_store_contract.h"

namespace nave::hub::contract {
namespace {

class DeviceStoreRecords : public DeviceStoreContract {};

TEST_P(DeviceStoreRecords, ActivityTimes) {
  const UtcTime t1 = from_unix_ms(1'786'784'856'000);
  const UtcTime t2 = from_unix_ms(1'786'784'857'000);
  store->note_activity({"nobody", ""}, t1, t2);
  EXPECT_EQ(store->find({"nobody", ""}), std::nullopt);
  must({create(identity("d"))});
  ASSERT_TRUE(store->find({"d", ""}));
  store->note_activity({"d", ""}, t1, t2);
  Identity expected = identity("d");
  expected.connection_state_updated = t1;
  expected.last_activity = t2;
  EXPECT_EQ(store->find({"d", ""}), expected) << "at once, and with the same etag";
  EXPECT_EQ(store->list_devices(1).at(0), expected);

  must({put(identity("d", "", 2), Expect::kEtag, 1)});
  expected.etag = 2;
  EXPECT_EQ(store->find({"d", ""}), expected) << "a change of the identity leaves the times";
  reopen();
  EXPECT_EQ(store->find({"d", ""}), expected);
  store->note_activity({"d", ""}, t1, t1);
  expected.last_activity = t1;
  EXPECT_EQ(store->find({"d", ""}), expected) << "the clock may go back";

  store->note_activity({"d", ""}, t2, t2);
  must({erase({"d", ""})});
  store->note_activity({"d", ""}, t2, t2);  // a session that hears of the deletion late
  must({create(identity("d"))});
  EXPECT_EQ(store->find({"d", ""}), identity("d")) << "the next identity of that name starts afresh";
  reopen();
  EXPECT_EQ(store->find({"d", ""}), identity("d"));
}

TEST_P(DeviceStoreRecords, MqttSessions) {
  const IdentityKey key{"d", ""};
  const auto save = [&](std::optional<MqttSession> session) {
    return wait_for([&](Executor& e, StoreReply r) { store->save_mqtt_session(key, session, e, std::move(r)); });
  };
  const Outcome orphan = save(MqttSession{1, 0});
  ASSERT_FALSE(orphan);
  EXPECT_EQ(orphan.error(), StoreError::kNotFound);
  EXPECT_TRUE(save(std::nullopt));
  must({create(identity("d"))});
  EXPECT_EQ(store->load_mqtt_session(key), std::nullopt);
  ASSERT_TRUE(save(MqttSession{5, 1}));
  EXPECT_EQ(store->load_mqtt_session(key), (MqttSession{5, 1}));
  ASSERT_TRUE(save(MqttSession{0xffffffff, 0x80000000}));
  reopen();
  EXPECT_EQ(store->load_mqtt_session(key), (MqttSession{0xffffffff, 0x80000000}));
  must({put(identity("d", "", 2), Expect::kPresent)});
  EXPECT_TRUE(store->load_mqtt_session(key)) << "a change of the identity is no end of its session";
  ASSERT_TRUE(save(std::nullopt));
  EXPECT_EQ(store->load_mqtt_session(key), std::nullopt);
}

TEST_P(DeviceStoreRecords, PoliciesAreReplacedAsAWhole) {
  const auto save = [&](const std::vector<auth::Policy>& policies) {
    return wait_for([&](Executor& e, StoreReply r) { store->save_policies(policies, e, std::move(r)); });
  };
  const std::vector<auth::Policy> first = {{"iothubowner", auth::Rights(15), "a2V5MQ==", "a2V5Mg=="},
                                           {"device", auth::Rights(8), "a2V5Mw==", "a2V5NA=="},
                                           {"a", auth::Rights(), "", ""}};
  ASSERT_TRUE(save(first));
  EXPECT_EQ(store->load_policies(), first) << "in the order given";
  const std::vector<auth::Policy> second = {{"device", auth::Rights(8), "bmV3", "a2V5NA=="}};
  ASSERT_TRUE(save(second));
  EXPECT_EQ(store->load_policies(), second);
  reopen();
  EXPECT_EQ(store->load_policies(), second);
  ASSERT_TRUE(save({}));
  EXPECT_TRUE(store->load_policies().empty());
}

TEST_P(DeviceStoreRecords, Settings) {
  const auto save = [&](const std::string& name, const std::string& value) {
    return wait_for([&](Executor& e, StoreReply r) { store->save_setting(name, value, e, std::move(r)); });
  };
  ASSERT_TRUE(save("hostName", "hub.example.test"));
  ASSERT_TRUE(save("empty", ""));
  ASSERT_TRUE(save("hostName", "other.example.test"));
  reopen();
  EXPECT_EQ(store->load_setting("hostName"), "other.example.test");
  EXPECT_EQ(store->load_setting("empty"), "");
  EXPECT_EQ(store->load_setting("HOSTNAME"), std::nullopt);
}

// A write that was answered is seen by every read that begins afterwards, on any thread; while several threads read the
// same keys, so that caches are filled at all moments.
TEST_P(DeviceStoreRecords, ReadYourWritesAcrossThreads) {
  constexpr uint64_t kRounds = 150;
  constexpr size_t kKeys = 3;
  for (size_t k = 0; k < kKeys; ++k) must({create(identity("d" + std::to_string(k), "", 0))});
  std::array<std::atomic<uint64_t>, kKeys> acknowledged{};
  std::atomic<bool> stop = false;
  std::atomic<uint64_t> stale = 0;
  std::vector<std::thread> readers;
  for (int r = 0; r < 3; ++r) {
    readers.emplace_back([&] {
      while (!stop) {
        for (size_t k = 0; k < kKeys; ++k) {
          const uint64_t at_least = acknowledged[k];
          const auto found = store->find({"d" + std::to_string(k), ""});
          if (!found || found->etag < at_least) ++stale;
        }
      }
    });
  }
  std::vector<std::thread> writers;
  for (size_t k = 0; k < kKeys; ++k) {
    writers.emplace_back([&, k] {
      const std::string id = "d" + std::to_string(k);
      for (uint64_t etag = 1; etag <= kRounds; ++etag) {
        if (!apply(*store, {put(identity(id, "", etag), Expect::kEtag, etag - 1)})) ++stale;
        acknowledged[k] = etag;
      }
    });
  }
  for (std::thread& t : writers) t.join();
  stop = true;
  for (std::thread& t : readers) t.join();
  EXPECT_EQ(stale, 0U);
}

TEST_P(DeviceStoreRecords, ConcurrentCreatesHaveOneWinner) {
  constexpr int kThreads = 4;
  constexpr int kIds = 40;
  std::atomic<int> won = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kIds; ++i) won += apply(*store, {create(identity("d" + std::to_string(i)))}) ? 1 : 0;
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(won, kIds);
  expect_counts(kIds, kIds, 0);
}

TEST_P(DeviceStoreRecords, PendingChangesAreAnsweredWhenTheStoreGoes) {
  WaitingExecutor executor;
  int answered = 0;
  for (int i = 0; i < 50; ++i) {
    store->apply({create(identity("d" + std::to_string(i)))}, executor, [&](Outcome o) { answered += o ? 1 : 0; });
  }
  store.reset();
  for (int i = 0; i < 50; ++i) executor.run_one();
  EXPECT_EQ(answered, 50);
  if (!home.durable()) return;
  store = home.open();
  expect_counts(50, 50, 0);
}

INSTANTIATE_TEST_SUITE_P(Stores, DeviceStoreRecords, ::testing::Values("memory", "sqlite"),
                         [](const auto& param) { return std::string(param.param); });

}  // namespace
}  // namespace nave::hub::contract
