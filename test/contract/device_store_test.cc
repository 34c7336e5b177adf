// What every DeviceStore must do with identities (hub/ports.h), held against the memory and the embedded one.
#include <gtest/gtest.h>

#include "contract/device_store_contract.h"

namespace nave::hub::contract {
namespace {

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

INSTANTIATE_TEST_SUITE_P(Stores, DeviceStoreContract, ::testing::Values("memory", "sqlite"),
                         [](const auto& param) { return std::string(param.param); });

}  // namespace
}  // namespace nave::hub::contract
