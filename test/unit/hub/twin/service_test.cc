#include "hub/twin/service.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <thread>

#include "base/limits.h"
#include "json/parse.h"
#include "store/memory/device_store.h"
#include "support/fake_shard.h"
#include "support/thread_executor.h"

namespace nave::hub {
namespace {

using test::FakeShard;
using test::ThreadExecutor;

// Twin writes wait until the test lets them through.
class SlowTwins final : public TwinStore {
 public:
  explicit SlowTwins(TwinStore& inner) : inner_(inner) {}
  [[nodiscard]] Result<std::optional<Twin>, StoreError> load_twin(const IdentityKey& key) const override {
    if (damaged) return fail(StoreError::kDamaged);
    return inner_.load_twin(key);
  }
  void put_twin(TwinWrite write, Executor& reply_on, StoreReply reply) override {
    writes.push_back({std::move(write), &reply_on, std::move(reply)});
  }
  void commit_one() {
    Waiting w = std::move(writes.front());
    writes.pop_front();
    inner_.put_twin(std::move(w.write), *w.reply_on, std::move(w.reply));
  }
  void fail_one() {
    Waiting w = std::move(writes.front());
    writes.pop_front();
    w.reply_on->post([reply = std::move(w.reply)]() mutable { reply(fail(StoreError::kUnavailable)); });
  }

  struct Waiting {
    TwinWrite write;
    Executor* reply_on;
    StoreReply reply;
  };
  std::deque<Waiting> writes;
  bool damaged = false;

 private:
  TwinStore& inner_;
};

class ListeningSession final : public Session {
 public:
  explicit ListeningSession(std::vector<std::string>& log) : log_(log) {}
  void end(EndReason) override {}
  [[nodiscard]] bool still_authorized(const Identity&) const override { return true; }
  void on_desired_changed(const DesiredChange& change) override { log_.push_back("notify " + change.body); }

 private:
  std::vector<std::string>& log_;
};

class TwinServiceTest : public testing::Test {
 protected:
  TwinServiceTest() { create(kDevice); }

  void create(const IdentityKey& key, const std::string& generation = "637131779299315265") {
    Identity identity;
    identity.key = key;
    identity.generation_id = generation;
    apply({IdentityWrite::Kind::kPut, IdentityWrite::Expect::kAbsent, 0, identity});
  }
  void erase(const IdentityKey& key) {
    Identity identity;
    identity.key = key;
    apply({IdentityWrite::Kind::kErase, IdentityWrite::Expect::kPresent, 0, identity});
  }
  void apply(IdentityWrite write) {
    identities.apply({std::move(write)}, shard.executor, [](const Result<void, StoreError>& r) { ASSERT_TRUE(r); });
    shard.run_until_idle();
  }

  template <class T>
  std::string outcome(const HubResult<T>& r) {
    if (!r) return std::to_string(row(r.error().code).code);
    if constexpr (std::is_same_v<T, TwinDocument>) return r->body;
    if constexpr (std::is_same_v<T, DesiredChange>) return r->body;
    if constexpr (std::is_same_v<T, uint64_t>) return std::to_string(*r);
    return "ok";
  }
  auto logger(const std::string& name) {
    return [this, name](const auto& r) { log.push_back(name + " " + outcome(r)); };
  }
  void report(const std::string& name, const std::string& body, std::optional<int64_t> base = {}) {
    service.patch_reported(caller, body, base, shard.executor, logger(name));
  }
  void get(const std::string& name) { service.get(caller, shard.executor, logger(name)); }
  void patch(const std::string& name, const std::string& desired, const std::string& if_match = "") {
    TwinInput input;
    input.desired = *json::parse(desired).value().if_object();
    service.patch(
        kDevice, {std::move(input), parse_if_match(if_match), desired.size()}, shard.executor,
        [this, name](const HubResult<TwinDocument>& r) { log.push_back(name + " " + (r ? r->etag : outcome(r))); });
  }
  // Lets everything happen, commits included; returns and forgets what was logged.
  std::vector<std::string> settle() {
    shard.run_until_idle();
    while (!store.writes.empty()) {
      store.commit_one();
      shard.run_until_idle();
    }
    return take();
  }
  std::vector<std::string> take() { return std::exchange(log, {}); }
  uint64_t count(const std::string& name) { return metrics.counter(name, "").value(); }

  const IdentityKey kDevice{"d1", ""};
  const TwinService::Caller caller{kDevice, "637131779299315265"};
  using Log = std::vector<std::string>;

  FakeShard shard;
  Metrics metrics;
  store::memory::MemoryDeviceStore identities;
  SlowTwins store{identities};
  HubInfo hub{.host_name = "hub1.example.test", .aliases = {}};
  SessionDirectory sessions{identities, shard.clock, metrics};
  Registry registry{identities, sessions, hub, shard.clock};
  TwinService service{store, registry, sessions, shard.clock, metrics};
  Log log;
};

TEST_F(TwinServiceTest, AFreshTwinNeedsNoRow) {
  EXPECT_TRUE(outcome(service.find(kDevice)).starts_with(R"({"deviceId":"d1","etag":"AAAAAAAAAAE=")"));
  get("get");
  EXPECT_TRUE(take().empty()) << "never inside the call";
  EXPECT_EQ(settle(), Log{R"(get {"desired":{"$version":1},"reported":{"$version":1}})"});
  EXPECT_FALSE(*identities.load_twin(kDevice));
}

TEST_F(TwinServiceTest, NothingIsAnsweredBeforeItIsDurable) {
  report("report", R"({"a":1})");
  shard.run_until_idle();
  EXPECT_TRUE(take().empty());
  EXPECT_EQ(outcome(service.find(kDevice)).find("\"a\":1"), std::string::npos) << "nor shown";
  EXPECT_EQ(service.busy(), 1U);
  EXPECT_EQ(settle(), Log{"report 2"});
  EXPECT_EQ(service.busy(), 0U);
  EXPECT_NE(outcome(service.find(kDevice)).find("\"a\":1"), std::string::npos);
}

TEST_F(TwinServiceTest, DeviceAndServiceMeetInOneOrder) {
  report("r1", R"({"a":1})");
  patch("p1", R"({"x":1})");
  get("g1");
  report("r2", R"({"b":2})", 2);
  report("stale", R"({"b":3})", 2);
  patch("p2", R"({"x":2})", "\"AAAAAAAAAAI=\"");
  patch("stale", R"({"x":3})", "\"AAAAAAAAAAI=\"");
  get("g2");
  shard.run_until_idle();
  EXPECT_EQ(store.writes.size(), 1U) << "the next begins when the one before is durable";
  EXPECT_EQ(settle(),
            (Log{"r1 2", "p1 AAAAAAAAAAI=", R"(g1 {"desired":{"x":1,"$version":2},"reported":{"a":1,"$version":2}})",
                 "r2 3", "stale 412001", "p2 AAAAAAAAAAM=", "stale 412001",
                 R"(g2 {"desired":{"x":2,"$version":3},"reported":{"a":1,"b":2,"$version":3}})"}));
}

TEST_F(TwinServiceTest, ASessionHearsOfAChangeBeforeADocumentShowsIt) {
  ListeningSession session(log);
  auto link = std::make_shared<SessionLink>(shard.executor, session);
  const auto claim = sessions.claim(kDevice, link);
  patch("p1", R"({"x":1})");
  get("g1");
  patch("p2", R"({"x":null})");
  EXPECT_EQ(settle(), (Log{R"(notify {"x":1,"$version":2})",
                           "p1 AAAAAAAAAAI=", R"(g1 {"desired":{"x":1,"$version":2},"reported":{"$version":1}})",
                           R"(notify {"x":null,"$version":3})", "p2 AAAAAAAAAAM="}));
  TwinInput tags;
  tags.tags = json::Object();
  service.patch(kDevice, {tags, {}, 0}, shard.executor, [](const HubResult<TwinDocument>&) {});
  EXPECT_TRUE(settle().empty()) << "tags are none of its business";
  report("r", "{}");
  EXPECT_EQ(settle(), Log{"r 2"});
  link->session = nullptr;
  patch("p3", "{}");
  EXPECT_EQ(settle(), Log{"p3 AAAAAAAAAAU="});
  sessions.release(kDevice, claim);
}

TEST_F(TwinServiceTest, AFailedWriteLeavesEverythingAsItWas) {
  ListeningSession session(log);
  auto link = std::make_shared<SessionLink>(shard.executor, session);
  const auto claim = sessions.claim(kDevice, link);
  patch("p1", R"({"x":1})");
  report("r1", R"({"a":1})");
  store.fail_one();
  shard.run_until_idle();
  EXPECT_EQ(take(), Log{"p1 503001"});
  EXPECT_EQ(settle(), Log{"r1 2"}) << "and who waited goes on";
  get("g");
  EXPECT_EQ(settle(), Log{R"(g {"desired":{"$version":1},"reported":{"a":1,"$version":2}})"});
  sessions.release(kDevice, claim);
}

TEST_F(TwinServiceTest, ADamagedTwinIsNeitherServedNorOverwritten) {
  store.damaged = true;
  EXPECT_EQ(outcome(service.find(kDevice)), "500001");
  get("g");
  report("r", "{}");
  EXPECT_EQ(settle(), (Log{"g 500001", "r 500001"}));
}

TEST_F(TwinServiceTest, WhoIsNotThereIsDeviceNotFound) {
  EXPECT_EQ(outcome(service.find({"nobody", ""})), "404001");
  EXPECT_EQ(outcome(service.find({"d1", "nobody"})), "404001");
  EXPECT_EQ(outcome(service.find({"bad id", ""})), "400004");
  create({"d1", "m1"});
  EXPECT_NE(outcome(service.find({"d1", "m1"})).find(R"("moduleId":"m1")"), std::string::npos);
}

TEST_F(TwinServiceTest, ATwinGoesWithItsIdentity) {
  report("r1", R"({"a":1})");
  EXPECT_EQ(settle(), Log{"r1 2"});
  erase(kDevice);
  report("gone", R"({"a":2})");
  EXPECT_EQ(settle(), Log{"gone 404001"});
  create(kDevice, "637131779299999999");
  EXPECT_EQ(outcome(service.find(kDevice)).find("\"a\":"), std::string::npos);
  report("namesake", R"({"a":3})");
  get("namesake");
  EXPECT_EQ(settle(), (Log{"namesake 404001", "namesake 404001"})) << "a session of the earlier life";
}

TEST_F(TwinServiceTest, AnIdentityThatIsReplacedDuringAWriteGetsNothingOfIt) {
  patch("p", R"({"x":1})");
  erase(kDevice);
  create(kDevice, "637131779299999999");
  EXPECT_EQ(settle(), Log{"p AAAAAAAAAAI="}) << "tried again, on the twin that is there now";
  EXPECT_NE(outcome(service.find(kDevice)).find(R"("$lastUpdated")"), std::string::npos);
  report("r", R"({"x":1})");
  EXPECT_EQ(settle(), Log{"r 404001"});
}

TEST_F(TwinServiceTest, BodiesOfDevices) {
  for (const char* body : {"", " ", "[]", "1", "null", "{", "{\"a\":1}x", "\xff"}) {
    report("r", body);
    EXPECT_EQ(settle(), Log{"r 400004"}) << body;
  }
}

TEST_F(TwinServiceTest, TheQueueOfATwinIsBounded) {
  for (size_t i = 0; i < limits::kTwinQueueMax + 1; ++i) report("r", "{}");
  shard.run_until_idle();
  EXPECT_TRUE(take().empty());
  report("late", "{}");
  shard.run_until_idle();
  EXPECT_EQ(take(), Log{"late 429001"});
  const Log all = settle();
  ASSERT_EQ(all.size(), limits::kTwinQueueMax + 1);
  EXPECT_EQ(all.back(), "r " + std::to_string(limits::kTwinQueueMax + 2));
}

TEST_F(TwinServiceTest, ModelIdsMoveNoVersion) {
  EXPECT_TRUE(service.has_model_id(caller, ""));
  service.set_model_id(caller, "dtmi:x;1", shard.executor, logger("set"));
  EXPECT_EQ(settle(), Log{"set ok"});
  EXPECT_TRUE(service.has_model_id(caller, "dtmi:x;1"));
  EXPECT_FALSE(service.has_model_id(caller, ""));
  const std::string text = outcome(service.find(kDevice));
  EXPECT_NE(text.find(R"("modelId":"dtmi:x;1","version":2)"), std::string::npos) << text;
}

TEST_F(TwinServiceTest, Metrics) {
  get("g");
  report("r", R"({"a":1})");
  report("r", "x");
  patch("p", R"({"x":1})");
  patch("p", R"({"x":1})", "\"AAAAAAAAAAE=\"");
  (void)settle();
  EXPECT_TRUE(service.find(kDevice));
  EXPECT_FALSE(service.find({"nobody", ""}));
  EXPECT_EQ(count("d2c_twin_read_success"), 1U);
  EXPECT_EQ(count("d2c_twin_read_failure"), 0U);
  EXPECT_EQ(count("d2c_twin_read_size"), std::string(R"({"desired":{"$version":1},"reported":{"$version":1}})").size());
  EXPECT_EQ(count("d2c_twin_update_success"), 1U);
  EXPECT_EQ(count("d2c_twin_update_failure"), 1U);
  EXPECT_EQ(count("d2c_twin_update_size"), 7U);
  EXPECT_EQ(count("c2d_twin_update_success"), 1U);
  EXPECT_EQ(count("c2d_twin_update_failure"), 1U);
  EXPECT_EQ(count("c2d_twin_update_size"), 7U);
  EXPECT_EQ(count("c2d_twin_read_success"), 1U);
  EXPECT_EQ(count("c2d_twin_read_failure"), 1U);
  EXPECT_GT(count("c2d_twin_read_size"), 300U);
}

// Executors that are threads: the order per twin holds, and no update is lost.
TEST_F(TwinServiceTest, ManyThreadsOneTwin) {
  constexpr int kThreads = 4;
  constexpr int kWrites = 200;
  TwinService shared(identities, registry, sessions, shard.clock, metrics);
  std::array<ThreadExecutor, kThreads> executors;
  std::atomic<int> answered{0};
  std::array<std::vector<uint64_t>, kThreads> versions;
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kWrites; ++i) {
        const std::string body = R"({"k)" + std::to_string(t) + "\":" + std::to_string(i) + "}";
        shared.patch_reported(caller, body, {}, executors[t], [&, t](const HubResult<uint64_t>& version) {
          versions[t].push_back(version.value());
          ++answered;
          answered.notify_one();
        });
      }
    });
  }
  for (std::thread& t : threads) t.join();
  for (int seen = answered; seen < kThreads * kWrites; seen = answered) answered.wait(seen);
  for (ThreadExecutor& e : executors) e.stop();
  std::vector<uint64_t> all;
  for (const auto& v : versions) {
    EXPECT_TRUE(std::ranges::is_sorted(v)) << "replies come in order";
    all.insert(all.end(), v.begin(), v.end());
  }
  std::ranges::sort(all);
  for (size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], i + 2) << "no version twice, none left out";
  const Twin twin = identities.load_twin(kDevice).value().value();
  for (size_t t = 0; t < kThreads; ++t) {
    EXPECT_NE(twin.reported.values.find("\"k" + std::to_string(t) + "\":" + std::to_string(kWrites - 1)),
              std::string::npos);
  }
}

}  // namespace
}  // namespace nave::hub
