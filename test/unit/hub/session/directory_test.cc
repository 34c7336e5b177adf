#include "hub/session/directory.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/random.h"
#include "store/memory/device_store.h"
#include "support/fake_shard.h"
#include "support/thread_executor.h"

namespace nave::hub {
namespace {

class FakeSession final : public Session {
 public:
  void end(EndReason reason) override { ended.push_back(reason); }
  [[nodiscard]] bool still_authorized(const Identity& identity) const override {
    return identity.enabled && identity.authentication.primary_key == "good";
  }
  std::vector<EndReason> ended;
};

Identity identity(const IdentityKey& key, const std::string& secret = "good") {
  Identity id;
  id.key = key;
  id.authentication.primary_key = secret;
  return id;
}

class DirectoryTest : public ::testing::Test {
 protected:
  DirectoryTest() {
    store.apply({{.expect = IdentityWrite::Expect::kAbsent, .identity = identity(kDevice)},
                 {.expect = IdentityWrite::Expect::kAbsent, .identity = identity(kModule)}},
                shard.executor, [](Result<void, StoreError> r) { EXPECT_TRUE(r); });
    shard.run_until_idle();
  }
  std::shared_ptr<SessionLink> link(FakeSession& session) {
    return std::make_shared<SessionLink>(shard.executor, session);
  }

  const IdentityKey kDevice{"d1", ""};
  const IdentityKey kModule{"d1", "m1"};
  test::FakeShard shard;
  store::memory::MemoryDeviceStore store;
  Metrics metrics;
  SessionDirectory directory{store, shard.clock, metrics};
  FakeSession first, second;
};

TEST_F(DirectoryTest, NobodyIsConnectedAtFirst) {
  EXPECT_EQ(directory.presence(kDevice), std::nullopt);
  EXPECT_EQ(directory.connected_devices(), 0U);
  directory.end(kDevice, EndReason::kIdentityDeleted);
  directory.reauthorize(identity(kDevice));
  directory.touch(kDevice);
  EXPECT_TRUE(shard.executor.idle());
}

TEST_F(DirectoryTest, ClaimAndRelease) {
  const UtcTime start = shard.clock.utc();
  const auto claim = directory.claim(kDevice, link(first));
  EXPECT_EQ(directory.connected_devices(), 1U);
  shard.advance(5000);
  directory.touch(kDevice);
  const auto presence = directory.presence(kDevice);
  ASSERT_TRUE(presence);
  EXPECT_TRUE(presence->connected);
  EXPECT_EQ(presence->state_updated, start);
  EXPECT_EQ(presence->last_activity, start + std::chrono::seconds(5));

  shard.advance(2000);
  directory.release(kDevice, claim);
  EXPECT_EQ(directory.presence(kDevice), std::nullopt);
  EXPECT_EQ(directory.connected_devices(), 0U);
  const auto stored = store.find(kDevice);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->connection_state_updated, start + std::chrono::seconds(7));
  EXPECT_EQ(stored->last_activity, start + std::chrono::seconds(5));
  EXPECT_TRUE(first.ended.empty());
}

TEST_F(DirectoryTest, ModulesAreIdentitiesOfTheirOwnAndNotCounted) {
  const auto device = directory.claim(kDevice, link(first));
  const auto module = directory.claim(kModule, link(second));
  shard.run_until_idle();
  EXPECT_TRUE(first.ended.empty());
  EXPECT_EQ(directory.connected_devices(), 1U);
  directory.release(kDevice, device);
  EXPECT_EQ(directory.connected_devices(), 0U);
  EXPECT_TRUE(directory.presence(kModule));
  directory.release(kModule, module);
  EXPECT_EQ(directory.connected_devices(), 0U);
}

TEST_F(DirectoryTest, TheNewestConnectionWins) {
  const auto old_claim = directory.claim(kDevice, link(first));
  const auto new_claim = directory.claim(kDevice, link(second));
  EXPECT_TRUE(first.ended.empty()) << "only on its shard";
  shard.run_until_idle();
  EXPECT_EQ(first.ended, std::vector{EndReason::kTakenOver});
  EXPECT_EQ(directory.connected_devices(), 1U);

  directory.release(kDevice, old_claim);  // the loser leaves late
  EXPECT_TRUE(directory.presence(kDevice));
  EXPECT_EQ(directory.connected_devices(), 1U);
  EXPECT_EQ(store.find(kDevice)->last_activity, kNever);

  directory.end(kDevice, EndReason::kIdentityDeleted);
  shard.run_until_idle();
  EXPECT_EQ(second.ended, std::vector{EndReason::kIdentityDeleted});
  EXPECT_EQ(first.ended.size(), 1U);
  directory.release(kDevice, new_claim);
  directory.release(kDevice, new_claim);
  EXPECT_EQ(directory.connected_devices(), 0U);
}

TEST_F(DirectoryTest, EndIsCalledAtMostOnce) {
  (void)directory.claim(kDevice, link(first));
  directory.end(kDevice, EndReason::kIdentityDisabled);
  directory.end(kDevice, EndReason::kIdentityDeleted);
  directory.reauthorize(identity(kDevice, "changed"));
  (void)directory.claim(kDevice, link(second));
  shard.run_until_idle();
  EXPECT_EQ(first.ended, std::vector{EndReason::kIdentityDisabled});
}

TEST_F(DirectoryTest, ASessionThatIsGoneIsNotTouched) {
  const auto l = link(first);
  (void)directory.claim(kDevice, l);
  directory.end(kDevice, EndReason::kShutdown);
  directory.reauthorize(identity(kDevice, "changed"));
  l->session = nullptr;
  shard.run_until_idle();
  EXPECT_TRUE(first.ended.empty());
}

TEST_F(DirectoryTest, ReauthorizeSparesWhoStillMay) {
  (void)directory.claim(kDevice, link(first));
  directory.reauthorize(identity(kDevice, "good"));
  shard.run_until_idle();
  EXPECT_TRUE(first.ended.empty());
  directory.reauthorize(identity(kDevice, "changed"));
  shard.run_until_idle();
  EXPECT_EQ(first.ended, std::vector{EndReason::kCredentialsChanged});
}

TEST_F(DirectoryTest, ReauthorizeSaysDisabled) {
  (void)directory.claim(kDevice, link(first));
  Identity disabled = identity(kDevice);
  disabled.enabled = false;
  directory.reauthorize(disabled);
  shard.run_until_idle();
  EXPECT_EQ(first.ended, std::vector{EndReason::kIdentityDisabled});
}

// Lives on a ThreadExecutor; leaves the directory when it is ended, as a front does.
class LiveSession final : public Session {
 public:
  LiveSession(SessionDirectory& directory, IdentityKey key, Executor& executor)
      : directory_(directory), key_(std::move(key)), link_(std::make_shared<SessionLink>(executor, *this)) {}
  void connect() { claim_ = directory_.claim(key_, link_); }
  void end(EndReason) override {
    ++ends;
    leave();
  }
  void leave() {
    link_->session = nullptr;
    directory_.release(key_, claim_);
  }
  [[nodiscard]] bool still_authorized(const Identity&) const override { return false; }
  int ends = 0;

 private:
  SessionDirectory& directory_;
  IdentityKey key_;
  std::shared_ptr<SessionLink> link_;
  SessionDirectory::Claim claim_ = 0;
};

TEST(DirectoryRace, ManyShardsClaimTheSameIdentities) {
  constexpr int kShards = 3;
  constexpr int kRounds = 1500;
  constexpr int kIdentities = 4;
  store::memory::MemoryDeviceStore store;
  const SystemClock clock;
  Metrics metrics;
  SessionDirectory directory(store, clock, metrics);
  std::array<std::vector<std::unique_ptr<LiveSession>>, kShards> sessions;
  std::array<test::ThreadExecutor, kShards> shards;
  for (int round = 0; round < kRounds; ++round) {
    for (int s = 0; s < kShards; ++s) {
      const IdentityKey key{"d" + std::to_string((round + s) % kIdentities), ""};
      auto& executor = shards[static_cast<size_t>(s)];
      auto& mine = sessions[static_cast<size_t>(s)];
      executor.post([&, key] {
        mine.push_back(std::make_unique<LiveSession>(directory, key, executor));
        mine.back()->connect();
        directory.touch(key);
      });
      if (round % 7 == s) directory.end(key, EndReason::kIdentityDeleted);
      if (round % 11 == s) directory.reauthorize(identity(key));
      EXPECT_LE(directory.connected_devices(), static_cast<size_t>(kIdentities));
    }
  }
  // The first time for the claims, the second for the ends that they posted to other shards.
  for (int i = 0; i < 2; ++i) {
    for (test::ThreadExecutor& s : shards) s.drain();
  }
  for (test::ThreadExecutor& s : shards) s.stop();
  int alive = 0;
  for (auto& mine : sessions) {
    for (auto& session : mine) {
      EXPECT_LE(session->ends, 1);
      alive += session->ends == 0 ? 1 : 0;
    }
  }
  EXPECT_LE(alive, kIdentities) << "at most one live session per identity";
  for (auto& mine : sessions) {
    for (auto& session : mine) {
      if (session->ends == 0) session->leave();
    }
  }
  EXPECT_EQ(directory.connected_devices(), 0U);
}

}  // namespace
}  // namespace nave::hub
