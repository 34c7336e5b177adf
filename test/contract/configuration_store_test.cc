// The contract of the ConfigurationStore, on every store.
#include "hub/configuration/store.h"

#include <gtest/gtest.h>

#include "contract/device_store_contract.h"

namespace nave::hub::contract {
namespace {

class ConfigurationStoreContract : public DeviceStoreContract {
 protected:
  ConfigurationStore& configurations() { return dynamic_cast<ConfigurationStore&>(*store); }
  void put(const Configuration& c) {
    ASSERT_TRUE(wait_for([&](Executor& e, StoreReply r) { configurations().put_configuration(c, e, std::move(r)); }));
  }
  void erase_one(const std::string& id) {
    ASSERT_TRUE(
        wait_for([&](Executor& e, StoreReply r) { configurations().erase_configuration(id, e, std::move(r)); }));
  }
  static Configuration full() {
    Configuration c;
    c.id = "a-1+_*!'%";
    c.etag = 7;
    c.created = UtcTime{Ticks{17'867'848'561'234'567}};
    c.updated = UtcTime{Ticks{17'867'848'567'654'321}};
    c.priority = 2147483647;
    c.schema_version = "2.0";
    c.content_type = "assignment";
    c.target_condition = "tags.x = '\xc3\xa9'";
    c.labels = R"({"k":"v"})";
    c.content = R"({"deviceContent":{"properties.desired.a":1.0}})";
    c.metrics = R"({"m":"select *"})";
    return c;
  }
};

TEST_P(ConfigurationStoreContract, KeepsEverythingInTheOrderOfIds) {
  EXPECT_TRUE(configurations().load_configurations().value().empty());
  Configuration least;
  least.id = "b";
  least.content = "{}";
  put(least);
  put(full());
  reopen();
  EXPECT_EQ(configurations().load_configurations().value(), (std::vector<Configuration>{full(), least}));
}

TEST_P(ConfigurationStoreContract, PutReplacesAndEraseForgets) {
  put(full());
  Configuration changed = full();
  changed.etag = 8;
  changed.labels.clear();
  changed.schema_version.reset();
  put(changed);
  reopen();
  EXPECT_EQ(configurations().load_configurations().value(), std::vector<Configuration>{changed});
  erase_one(changed.id);
  erase_one("never there");
  reopen();
  EXPECT_TRUE(configurations().load_configurations().value().empty());
}

TEST_P(ConfigurationStoreContract, WhatATwinHasOfThemLiesWithTheTwin) {
  must({create(identity("d"))});
  Twin twin;
  twin.configurations = R"({"c":{"status":"Applied"}})";
  ASSERT_TRUE(wait_for([&](Executor& e, StoreReply r) {
    dynamic_cast<TwinStore&>(*store).put_twin({{"d", ""}, identity("").generation_id, twin}, e, std::move(r));
  }));
  reopen();
  twin.revision = 1;
  EXPECT_EQ(dynamic_cast<TwinStore&>(*store).load_twin({"d", ""}).value(), twin);
}

INSTANTIATE_TEST_SUITE_P(Stores, ConfigurationStoreContract, ::testing::Values("memory", "sqlite"));

}  // namespace
}  // namespace nave::hub::contract
