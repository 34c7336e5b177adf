// What the contract tests of the DeviceStore share: identities to write, waiting for replies, and a store of either
// kind.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "store/embedded/sqlite/device_store.h"
#include "store/memory/device_store.h"

namespace nave::hub::contract {

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
inline Outcome wait_for(const std::function<void(Executor&, StoreReply)>& start) {
  WaitingExecutor executor;
  std::optional<Outcome> outcome;
  start(executor, [&](Outcome o) { outcome = o; });
  executor.run_one();
  EXPECT_TRUE(outcome) << "a reply is one call";
  return outcome.value_or(fail(StoreError::kUnavailable));
}

inline Outcome apply(DeviceStore& store, std::vector<IdentityWrite> writes) {
  return wait_for([&](Executor& e, StoreReply r) { store.apply(std::move(writes), e, std::move(r)); });
}

inline Identity identity(const std::string& device, const std::string& module = "", uint64_t etag = 1) {
  Identity out;
  out.key = {device, module};
  out.generation_id = "637375045610235418";
  out.etag = etag;
  out.authentication.primary_key = "cHJpbWFyeQ==";
  out.authentication.secondary_key = "c2Vjb25kYXJ5";
  return out;
}

inline Identity full_identity() {
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

inline IdentityWrite put(Identity i, Expect expect, uint64_t expected_etag = 0) {
  return {IdentityWrite::Kind::kPut, expect, expected_etag, std::move(i)};
}
inline IdentityWrite create(Identity i) {
  return put(std::move(i), Expect::kAbsent);
}
inline IdentityWrite erase(const IdentityKey& key, Expect expect = Expect::kPresent, uint64_t expected_etag = 0) {
  Identity i;
  i.key = key;
  return {IdentityWrite::Kind::kErase, expect, expected_etag, i};
}

inline std::string ids(const std::vector<Identity>& list) {
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

}  // namespace nave::hub::contract
