// What every DeviceStore must do (hub/ports.h), held against the memory and the embedded one.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <thread>

#include "base/limits.h"
#include "store/embedded/sqlite/device_store.h"
#include "store/memory/device_store.h"

namespace nave::hub {
namespace {

using Outcome = Result<void, StoreError>;
using Expect = IdentityWrite::Expect;

// Runs what stores post on the thread that waits for it.
class WaitingExecutor final : public Executor {
 public:
  void post(UniqueFunction<void()> f) override {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(f));
    wake_.notify_one();
  }
  void run_one() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return !queue_.empty(); });
    UniqueFunction<void()> f = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    f();
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<UniqueFunction<void()>> queue_;
};

// Calls `start` with a reply and waits for it.
Outcome wait_for(const std::function<void(Executor&, StoreReply)>& start) {
  WaitingExecutor executor;
  std::optional<Outcome> outcome;
  start(executor, [&](Outcome o) { outcome = o; });
  executor.run_one();
  EXPECT_TRUE(outcome) << "a reply is one call";
  return outcome.value_or(fail(StoreError::kUnavailable));
}

Outcome apply(DeviceStore& store, std::vector<IdentityWrite> writes) {
  return wait_for([&](Executor& e, StoreReply r) { store.apply(std::move(writes), e, std::move(r)); });
}

Identity identity(const std::string& device, const std::string& module = "", uint64_t etag = 1) {
  Identity out;
  out.key = {device, module};
  out.generation_id = "637375045610235418";
  out.etag = etag;
  out.authentication.primary_key = "cHJpbWFyeQ==";
  out.authentication.secondary_key = "c2Vjb25kYXJ5";
  return out;
}

Identity full_identity() {
  Identity out = identity("Full-Device.%_#*?!(),:=@$'", "", UINT64_MAX);
  out.authentication.type = AuthType::kSelfSigned;
  out.authentication.primary_thumbprint = "AA11";
  out.authentication.secondary_thumbprint = "BB22";
  out.connection_state_updated = UtcTime{Ticks{17'867'848'561'234'567}};
  out.last_activity = UtcTime{Ticks{17'867'848'567'654'321}};
  out.enabled = false;
  out.status_reason = "lost \"it\"\n\xc3\xa9 \xf0\x9f\x9a\x80";
  out.status_updated = kNever;
  out.iot_edge = true;
  out.device_scope = "ms-azure-iot-edge://Full-1";
  out.parent_scopes = {"ms-azure-iot-edge://p-1", "", "7:tricky"};
  out.managed_by = "IotEdge";
  return out;
}

IdentityWrite put(Identity i, Expect expect, uint64_t expected_etag = 0) {
  return {IdentityWrite::Kind::kPut, expect, expected_etag, std::move(i)};
}
IdentityWrite create(Identity i) {
  return put(std::move(i), Expect::kAbsent);
}
IdentityWrite erase(const IdentityKey& key, Expect expect = Expect::kPresent, uint64_t expected_etag = 0) {
  Identity i;
  i.key = key;
  return {IdentityWrite::Kind::kErase, expect, expected_etag, i};
}

std::string ids(const std::vector<Identity>& list) {
  std::string out;
  for (const Identity& i : list) out += (out.empty() ? "" : " ") + i.key.text();
  return out;
}

// A place where a store lives, and how to open it again.
class Home {
 public:
  explicit Home(std::string kind) : kind_(std::move(kind)) {
    char folder[] = "/tmp/nave-contract-XXXXXX";
    EXPECT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
  }
  ~Home() { std::filesystem::remove_all(folder_); }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;

  [[nodiscard]] bool durable() const { return kind_ == "sqlite"; }
  std::unique_ptr<DeviceStore> open(uint64_t identities_max = limits::kIdentitiesMax) {
    if (!durable()) return std::make_unique<store::memory::MemoryDeviceStore>(identities_max);
    store::embedded::SqliteDeviceStore::Options options;
    options.path = folder_ + "/state.db";
    options.identities_max = identities_max;
    options.cached_identities = 64;  // small, so that tests see evictions
    return std::make_unique<store::embedded::SqliteDeviceStore>(options, metrics_);
  }

 private:
  std::string kind_;
  std::string folder_;
  Metrics metrics_;
};

class DeviceStoreContract : public ::testing::TestWithParam<const char*> {
 protected:
  Home home{GetParam()};
  std::unique_ptr<DeviceStore> store = home.open();

  void reopen() {
    if (!home.durable()) return;
    store.reset();
    store = home.open();
  }
  void expect_counts(uint64_t devices, uint64_t enabled, uint64_t modules) {
    const DeviceStore::Counts c = store->counts();
    EXPECT_EQ(c.devices, devices);
    EXPECT_EQ(c.enabled_devices, enabled);
    EXPECT_EQ(c.modules, modules);
  }
  void expect_error(std::vector<IdentityWrite> writes, StoreError error) {
    const Outcome o = apply(*store, std::move(writes));
    ASSERT_FALSE(o);
    EXPECT_EQ(o.error(), error);
  }
  void must(std::vector<IdentityWrite> writes) { ASSERT_TRUE(apply(*store, std::move(writes))); }
};

TEST_P(DeviceStoreContract, EmptyAtFirst) {
  EXPECT_EQ(store->find({"d", ""}), std::nullopt);
  EXPECT_TRUE(store->list_devices(1000).empty());
  EXPECT_TRUE(store->list_modules("d").empty());
  EXPECT_EQ(store->load_mqtt_session({"d", ""}), std::nullopt);
  EXPECT_TRUE(store->load_policies().empty());
  EXPECT_EQ(store->load_setting("hostName"), std::nullopt);
  expect_counts(0, 0, 0);
}

TEST_P(DeviceStoreContract, KeepsEveryField) {
  const Identity full = full_identity();
  Identity module = identity(full.key.device, "m-1", 7);
  module.managed_by = "";
  must({create(full), create(module)});
  EXPECT_EQ(store->find(full.key), full);
  EXPECT_EQ(store->find(module.key), module);
  reopen();
  EXPECT_EQ(store->find(full.key), full);
  EXPECT_EQ(store->find(module.key), module);
  EXPECT_EQ(store->find(full.key), full) << "and from the cache";
}

TEST_P(DeviceStoreContract, IdsAreCaseSensitive) {
  must({create(identity("d")), create(identity("D", "", 2))});
  EXPECT_EQ(store->find({"D", ""})->etag, 2U);
  EXPECT_EQ(store->find({"d", ""})->etag, 1U);
}

TEST_P(DeviceStoreContract, CreateOnlyOnce) {
  must({create(identity("d"))});
  expect_error({create(identity("d", "", 9))}, StoreError::kAlreadyExists);
  EXPECT_EQ(store->find({"d", ""})->etag, 1U);
}

TEST_P(DeviceStoreContract, ReplaceWhatIsThere) {
  expect_error({put(identity("d"), Expect::kPresent)}, StoreError::kNotFound);
  expect_error({put(identity("d"), Expect::kEtag, 1)}, StoreError::kNotFound);
  must({create(identity("d"))});
  must({put(identity("d", "", 2), Expect::kPresent)});
  EXPECT_EQ(store->find({"d", ""})->etag, 2U);
  expect_error({put(identity("d", "", 3), Expect::kEtag, 1)}, StoreError::kVersionMismatch);
  EXPECT_EQ(store->find({"d", ""})->etag, 2U);
  must({put(identity("d", "", 3), Expect::kEtag, 2)});
  EXPECT_EQ(store->find({"d", ""})->etag, 3U);
  expect_counts(1, 1, 0);
}

TEST_P(DeviceStoreContract, EraseWhatIsThere) {
  expect_error({erase({"d", ""})}, StoreError::kNotFound);
  must({create(identity("d", "", 5))});
  expect_error({erase({"d", ""}, Expect::kEtag, 4)}, StoreError::kVersionMismatch);
  ASSERT_TRUE(store->find({"d", ""}));
  must({erase({"d", ""}, Expect::kEtag, 5)});
  EXPECT_EQ(store->find({"d", ""}), std::nullopt);
  expect_counts(0, 0, 0);
}

TEST_P(DeviceStoreContract, AllWritesOrNone) {
  must({create(identity("a")), create(identity("a", "m")), create(identity("b"))});
  ASSERT_TRUE(wait_for([&](Executor& e, StoreReply r) {
    store->save_mqtt_session({"a", "m"}, MqttSession{1, 1}, e, std::move(r));
  }));
  Identity disabled = identity("b", "", 2);
  disabled.enabled = false;
  expect_error({create(identity("c")), put(disabled, Expect::kPresent), erase({"a", ""}), create(identity("a", "", 8)),
                create(identity("c"))},
               StoreError::kAlreadyExists);
  EXPECT_EQ(store->find({"c", ""}), std::nullopt);
  EXPECT_EQ(store->find({"b", ""}), identity("b"));
  EXPECT_EQ(store->find({"a", ""}), identity("a"));
  EXPECT_EQ(store->find({"a", "m"}), identity("a", "m"));
  EXPECT_EQ(store->load_mqtt_session({"a", "m"}), (MqttSession{1, 1}));
  expect_counts(2, 2, 1);
  reopen();
  EXPECT_EQ(ids(store->list_devices(10)), "a b");
  expect_counts(2, 2, 1);
}

TEST_P(DeviceStoreContract, TheErrorIsThatOfTheFirstWriteThatCouldNot) {
  must({create(identity("a"))});
  expect_error({put(identity("a"), Expect::kEtag, 99), create(identity("a")), erase({"x", ""})},
               StoreError::kVersionMismatch);
}

TEST_P(DeviceStoreContract, WritesOfOneChangeSeeEachOther) {
  must({create(identity("d")), create(identity("d", "m")), erase({"d", "m"}), create(identity("d", "m", 2)),
        put(identity("d", "", 2), Expect::kEtag, 1), put(identity("d", "", 3), Expect::kEtag, 2)});
  EXPECT_EQ(store->find({"d", ""})->etag, 3U);
  EXPECT_EQ(store->find({"d", "m"})->etag, 2U);
  must({});
  expect_counts(1, 1, 1);
}

TEST_P(DeviceStoreContract, OneFailureDoesNotSpoilTheOthersInTheGroup) {
  WaitingExecutor executor;
  std::vector<std::optional<StoreError>> errors;
  constexpr int kChanges = 100;
  for (int i = 0; i < kChanges; ++i) {
    const std::string id = "d" + std::to_string(i / 2);  // every second one exists already
    store->apply({create(identity(id))}, executor,
                 [&](Outcome o) { errors.push_back(o ? std::nullopt : std::optional(o.error())); });
  }
  for (int i = 0; i < kChanges; ++i) executor.run_one();
  ASSERT_EQ(errors.size(), size_t{kChanges});
  for (size_t i = 0; i < errors.size(); ++i) {
    EXPECT_EQ(errors[i], i % 2 == 0 ? std::nullopt : std::optional(StoreError::kAlreadyExists)) << i;
  }
  expect_counts(kChanges / 2, kChanges / 2, 0);
}

TEST_P(DeviceStoreContract, ModulesNeedTheirDevice) {
  expect_error({create(identity("d", "m"))}, StoreError::kParentNotFound);
  must({create(identity("d"))});
  must({create(identity("d", "m"))});
  expect_counts(1, 1, 1);
}

TEST_P(DeviceStoreContract, ErasingADeviceErasesItsModulesAndSessions) {
  must({create(identity("d")), create(identity("d", "m1")), create(identity("d", "m2")), create(identity("d2")),
        create(identity("d2", "m1"))});
  for (const IdentityKey& key : {IdentityKey{"d", ""}, {"d", "m1"}, {"d2", ""}, {"d2", "m1"}}) {
    ASSERT_TRUE(store->find(key));  // warms a cache
    ASSERT_TRUE(wait_for([&](Executor& e, StoreReply r) {
      store->save_mqtt_session(key, MqttSession{7, 1}, e, std::move(r));
    }));
  }
  must({erase({"d", ""})});
  EXPECT_EQ(store->find({"d", "m1"}), std::nullopt);
  EXPECT_EQ(store->find({"d", "m2"}), std::nullopt);
  EXPECT_EQ(store->load_mqtt_session({"d", ""}), std::nullopt);
  EXPECT_TRUE(store->find({"d2", "m1"}));
  EXPECT_TRUE(store->load_mqtt_session({"d2", "m1"}));
  expect_counts(1, 1, 1);

  must({create(identity("d")), create(identity("d", "m1"))});
  EXPECT_EQ(store->load_mqtt_session({"d", ""}), std::nullopt) << "nothing of the earlier one comes back";
  EXPECT_EQ(store->load_mqtt_session({"d", "m1"}), std::nullopt);
  must({erase({"d2", "m1"})});
  EXPECT_TRUE(store->find({"d2", ""}));
  EXPECT_EQ(store->load_mqtt_session({"d2", "m1"}), std::nullopt);
  EXPECT_TRUE(store->load_mqtt_session({"d2", ""}));
}

TEST_P(DeviceStoreContract, DevicesInIdOrder) {
  must({create(identity("b")), create(identity("B")), create(identity("a10")), create(identity("a2")),
        create(identity("a")), create(identity("a", "m")), create(identity("c"))});
  EXPECT_EQ(ids(store->list_devices(1000)), "B a a10 a2 b c");
  EXPECT_EQ(ids(store->list_devices(3)), "B a a10");
  EXPECT_EQ(ids(store->list_devices(0)), "");
}

TEST_P(DeviceStoreContract, ModulesInCreationOrder) {
  must({create(identity("d")), create(identity("d", "z")), create(identity("d", "a")), create(identity("d", "m"))});
  EXPECT_EQ(ids(store->list_modules("d")), "d/z d/a d/m");
  must({put(identity("d", "z", 2), Expect::kPresent)});
  EXPECT_EQ(ids(store->list_modules("d")), "d/z d/a d/m") << "a change is not a creation";
  must({erase({"d", "z"}), create(identity("d", "z"))});
  EXPECT_EQ(ids(store->list_modules("d")), "d/a d/m d/z");
  reopen();
  EXPECT_EQ(ids(store->list_modules("d")), "d/a d/m d/z");
}

TEST_P(DeviceStoreContract, FiftyModules) {
  must({create(identity("d"))});
  for (size_t i = 0; i < limits::kModulesPerDeviceMax; ++i) must({create(identity("d", "m" + std::to_string(i)))});
  expect_error({create(identity("d", "one-more"))}, StoreError::kLimit);
  must({put(identity("d", "m7", 2), Expect::kPresent)});
  must({erase({"d", "m0"})});
  must({create(identity("d", "one-more"))});
  EXPECT_EQ(store->list_modules("d").size(), limits::kModulesPerDeviceMax);
}

TEST_P(DeviceStoreContract, IdentityLimit) {
  store.reset();
  store = home.open(3);
  must({create(identity("a")), create(identity("a", "m")), create(identity("b"))});
  expect_error({create(identity("c"))}, StoreError::kLimit);
  expect_error({create(identity("a", "m2"))}, StoreError::kLimit);
  must({put(identity("b", "", 2), Expect::kPresent)});
  must({erase({"a", ""})});
  must({create(identity("c"))});
  expect_counts(2, 2, 0);
}

TEST_P(DeviceStoreContract, Counts) {
  Identity disabled = identity("off");
  disabled.enabled = false;
  must({create(identity("on")), create(disabled), create(identity("on", "m"))});
  expect_counts(2, 1, 1);
  Identity module = identity("on", "m", 2);
  module.enabled = false;
  must({put(module, Expect::kPresent)});
  expect_counts(2, 1, 1);
  disabled.enabled = true;
  must({put(disabled, Expect::kPresent)});
  expect_counts(2, 2, 1);
  disabled.enabled = false;
  must({put(disabled, Expect::kPresent)});
  expect_counts(2, 1, 1);
  reopen();
  expect_counts(2, 1, 1);
  must({erase({"on", ""})});
  expect_counts(1, 0, 0);
}

TEST_P(DeviceStoreContract, ActivityTimes) {
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

TEST_P(DeviceStoreContract, MqttSessions) {
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

TEST_P(DeviceStoreContract, PoliciesAreReplacedAsAWhole) {
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

TEST_P(DeviceStoreContract, Settings) {
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
TEST_P(DeviceStoreContract, ReadYourWritesAcrossThreads) {
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

TEST_P(DeviceStoreContract, ConcurrentCreatesHaveOneWinner) {
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

TEST_P(DeviceStoreContract, PendingChangesAreAnsweredWhenTheStoreGoes) {
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

INSTANTIATE_TEST_SUITE_P(Stores, DeviceStoreContract, ::testing::Values("memory", "sqlite"),
                         [](const auto& param) { return std::string(param.param); });

}  // namespace
}  // namespace nave::hub
