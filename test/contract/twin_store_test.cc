// The contract of the TwinStore, on every store.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

#include "contract/device_store_contract.h"

namespace nave::hub::contract {
namespace {

const std::string kGeneration = "637375045610235418";  // of identity()

class TwinStoreContract : public DeviceStoreContract {
 protected:
  TwinStore& twins() { return dynamic_cast<TwinStore&>(*store); }
  Outcome write(const IdentityKey& key, Twin twin, const std::string& generation = kGeneration) {
    return wait_for([&](Executor& e, StoreReply r) { twins().put_twin({key, generation, twin}, e, std::move(r)); });
  }
  void expect_refused(const Outcome& outcome, StoreError error) {
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error(), error);
  }
  std::optional<Twin> load(const IdentityKey& key) { return twins().load_twin(key).value(); }
};

Twin full_twin(uint64_t revision) {
  Twin out;
  out.revision = revision;
  out.changes = UINT64_MAX;
  out.model_id = "dtmi:com:example:X;1";
  out.tags = R"({"t":"\u0000 é"})";
  out.desired = {R"({"a":1.0})", R"({"$lastUpdated":"x"})", 1ULL << 63};
  out.reported = {std::string(200'000, 'r'), "m", 3};
  return out;
}

TEST_P(TwinStoreContract, AbsentUntilWrittenThenExactlyWhatWasWritten) {
  const IdentityKey key{"d", ""};
  EXPECT_EQ(load(key), std::nullopt);
  must({create(identity("d"))});
  EXPECT_EQ(load(key), std::nullopt);
  ASSERT_TRUE(write(key, full_twin(0)));
  EXPECT_EQ(load(key), full_twin(1)) << "with the next revision";
  reopen();
  EXPECT_EQ(load(key), full_twin(1));
  Twin small;
  small.revision = 1;
  ASSERT_TRUE(write(key, small));
  small.revision = 2;
  EXPECT_EQ(load(key), small);
  reopen();
  EXPECT_EQ(load(key), small);
}

TEST_P(TwinStoreContract, TheRevisionMustBeTheStoredOne) {
  const IdentityKey key{"d", ""};
  must({create(identity("d"))});
  expect_refused(write(key, full_twin(1)), StoreError::kVersionMismatch);
  ASSERT_TRUE(write(key, full_twin(0)));
  for (const uint64_t revision : {0, 2}) {
    expect_refused(write(key, full_twin(revision)), StoreError::kVersionMismatch);
  }
  EXPECT_EQ(load(key), full_twin(1));
}

TEST_P(TwinStoreContract, OnlyForTheIdentityThatIsThere) {
  expect_refused(write({"d", ""}, full_twin(0)), StoreError::kNotFound);
  must({create(identity("d")), create(identity("d", "m"))});
  expect_refused(write({"d", "other"}, full_twin(0)), StoreError::kNotFound);
  expect_refused(write({"d", ""}, full_twin(0), "637375045610235419"), StoreError::kNotFound);
  ASSERT_TRUE(write({"d", "m"}, full_twin(0)));
  EXPECT_EQ(load({"d", ""}), std::nullopt);
  EXPECT_EQ(load({"d", "m"}), full_twin(1));
}

TEST_P(TwinStoreContract, GoesWithItsIdentityAndNotWithAChangeOfIt) {
  must({create(identity("d")), create(identity("d", "m")), create(identity("d", "n")), create(identity("e"))});
  for (const IdentityKey& key : std::vector<IdentityKey>{{"d", ""}, {"d", "m"}, {"d", "n"}, {"e", ""}}) {
    ASSERT_TRUE(write(key, full_twin(0)));
  }
  must({put(identity("d", "", 2), Expect::kPresent)});
  EXPECT_TRUE(load({"d", ""}));
  must({erase({"d", "m"}), create(identity("d", "m"))});
  EXPECT_EQ(load({"d", "m"}), std::nullopt);
  EXPECT_TRUE(load({"d", "n"}));
  must({erase({"d", ""}), create(identity("d")), create(identity("d", "n"))});
  EXPECT_EQ(load({"d", ""}), std::nullopt);
  EXPECT_EQ(load({"d", "n"}), std::nullopt);
  EXPECT_TRUE(load({"e", ""}));
  reopen();
  EXPECT_EQ(load({"d", ""}), std::nullopt);
  EXPECT_TRUE(load({"e", ""}));
}

TEST_P(TwinStoreContract, AnErasureThatFailsKeepsTheTwin) {
  must({create(identity("d"))});
  ASSERT_TRUE(write({"d", ""}, full_twin(0)));
  expect_error({erase({"d", ""}), create(identity("d")), create(identity("d"))}, StoreError::kAlreadyExists);
  EXPECT_EQ(load({"d", ""}), full_twin(1));
}

TEST_P(TwinStoreContract, AnIdentityAndItsTwinAreWrittenInOneStep) {
  IdentityWrite with_twin = create(identity("d"));
  with_twin.twin = full_twin(17);
  must({with_twin});
  EXPECT_EQ(load({"d", ""}), full_twin(1));
  expect_error({with_twin}, StoreError::kAlreadyExists);
  reopen();
  EXPECT_EQ(load({"d", ""}), full_twin(1));
  Twin next = full_twin(2);
  next.tags = R"({"next":1})";
  IdentityWrite replacing = put(identity("d", "", 2), Expect::kPresent);
  replacing.twin = next;
  must({replacing});
  EXPECT_EQ(load({"d", ""}), next);
  EXPECT_EQ(store->find({"d", ""})->etag, 2U);
  IdentityWrite other = create(identity("e"));
  other.twin = full_twin(0);
  expect_error({other, create(identity("d"))}, StoreError::kAlreadyExists);
  EXPECT_EQ(load({"e", ""}), std::nullopt) << "with its identity";
  must({create(identity("e"))});
  EXPECT_EQ(load({"e", ""}), std::nullopt);
}

TEST_P(TwinStoreContract, ReadYourWritesAcrossThreads) {
  constexpr uint64_t kWrites = 100;
  must({create(identity("d"))});
  std::atomic<uint64_t> acknowledged = 0;
  std::atomic<uint64_t> stale = 0;
  std::thread reader([&] {
    while (acknowledged < kWrites) {
      const uint64_t at_least = acknowledged;
      const auto twin = load({"d", ""});
      if ((twin ? twin->revision : 0) < at_least) ++stale;
    }
  });
  for (uint64_t i = 0; i < kWrites; ++i) {
    if (!write({"d", ""}, full_twin(i))) ++stale;
    acknowledged = i + 1;
  }
  reader.join();
  EXPECT_EQ(stale, 0U);
}

INSTANTIATE_TEST_SUITE_P(Stores, TwinStoreContract, ::testing::Values("memory", "sqlite"),
                         [](const auto& param) { return std::string(param.param); });

}  // namespace
}  // namespace nave::hub::contract
