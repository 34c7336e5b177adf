#include "auth/policy.h"

#include <gtest/gtest.h>

#include <set>

#include "base/base64.h"

namespace nave::auth {
namespace {

// reference/service-rest.md §3.1
TEST(Policies, DefaultsCarryTheDocumentedRights) {
  const PolicySet set(make_default_policies());
  ASSERT_EQ(set.all().size(), 5U);
  struct Expected {
    const char* name;
    bool read, write, service, device;
  };
  for (const Expected& e :
       {Expected{"iothubowner", true, true, true, true}, Expected{"service", false, false, true, false},
        Expected{"device", false, false, false, true}, Expected{"registryRead", true, false, false, false},
        Expected{"registryReadWrite", true, true, false, false}}) {
    const Policy* p = set.find(e.name);
    ASSERT_NE(p, nullptr) << e.name;
    EXPECT_EQ(p->rights.has(Right::kRegistryRead), e.read) << e.name;
    EXPECT_EQ(p->rights.has(Right::kRegistryWrite), e.write) << e.name;
    EXPECT_EQ(p->rights.has(Right::kServiceConnect), e.service) << e.name;
    EXPECT_EQ(p->rights.has(Right::kDeviceConnect), e.device) << e.name;
  }
}

TEST(Policies, KeysAreRandomAndWellFormed) {
  std::set<std::string> keys;
  for (const Policy& p : make_default_policies()) {
    for (const std::string& key : {p.primary_key, p.secondary_key}) {
      EXPECT_EQ(key.size(), 44U);
      EXPECT_EQ(base64_decode(key).value_or("").size(), 32U);
      EXPECT_TRUE(keys.insert(key).second);
    }
  }
}

TEST(Policies, WriteImpliesReadAndNamesAreExact) {
  EXPECT_TRUE(Rights{Right::kRegistryWrite}.has(Right::kRegistryRead));
  EXPECT_FALSE(Rights{Right::kRegistryRead}.has(Right::kRegistryWrite));
  const PolicySet set({Policy{.name = "Service", .rights = {}, .primary_key = "", .secondary_key = ""}});
  EXPECT_NE(set.find("Service"), nullptr);
  EXPECT_EQ(set.find("service"), nullptr);
  EXPECT_EQ(set.find(""), nullptr);
}

TEST(Policies, ReplacingLeavesOldSetsAlone) {
  Policies policies(make_default_policies());
  const auto before = policies.current();
  policies.replace({});
  EXPECT_EQ(before->all().size(), 5U);
  EXPECT_TRUE(policies.current()->all().empty());
}

}  // namespace
}  // namespace nave::auth
