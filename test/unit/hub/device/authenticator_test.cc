#include "hub/device/authenticator.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "store/memory/device_store.h"
#include "support/fake_shard.h"

namespace nave::hub {
namespace {

constexpr const char* kHost = "hub1.example.test";
constexpr const char* kPrimary = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
constexpr const char* kSecondary = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";
constexpr const char* kModuleKey = "bW9kdWxla2V5LW1vZHVsZWtleS1tb2R1bGVrZXkwMDA=";
constexpr const char* kPolicyKey = "cG9saWN5LWtleS1wb2xpY3kta2V5LXBvbGljeS1rZXk=";
constexpr const char* kPolicySecondary = "c2Vjb25kLXBvbGljeS1zZWNvbmQtcG9saWN5LTAwMDA=";

class AuthenticatorTest : public testing::Test {
 protected:
  AuthenticatorTest() {
    add({"dev-1", ""});
    add({"a@b", ""});
    add({"dev-1", "m1"}, [](Identity& i) { i.authentication.primary_key = kModuleKey; });
    add({"off", ""}, [](Identity& i) { i.enabled = false; });
    add({"off", "m1"});
    add({"cert", ""}, [](Identity& i) { i.authentication.type = AuthType::kSelfSigned; });
  }

  template <class F>
  void add(const IdentityKey& key, F change) {
    Identity identity;
    identity.key = key;
    identity.authentication.primary_key = kPrimary;
    identity.authentication.secondary_key = kSecondary;
    change(identity);
    std::vector<IdentityWrite> writes(1);
    writes[0].expect = store.find(key) ? IdentityWrite::Expect::kPresent : IdentityWrite::Expect::kAbsent;
    writes[0].identity = identity;
    store.apply(std::move(writes), shard.executor, [](Result<void, StoreError> r) { EXPECT_TRUE(r); });
    shard.run_until_idle();
  }
  void add(const IdentityKey& key) {
    add(key, [](Identity&) {});
  }

  int64_t now() const { return unix_seconds(shard.clock.utc()); }
  std::string token(const std::string& resource, const std::string& key = kPrimary, const std::string& policy = "") {
    return auth::make_sas(resource, key, now() + 3600, policy);
  }
  static std::vector<auth::Policy> policies_for_test() {
    using auth::Right;
    const auto make = [](const char* name, auth::Rights rights) {
      return auth::Policy{name, rights, kPolicyKey, kPolicySecondary};
    };
    return {make("iothubowner", {Right::kRegistryWrite, Right::kServiceConnect, Right::kDeviceConnect}),
            make("service", {Right::kServiceConnect}), make("device", {Right::kDeviceConnect}),
            make("registryRead", {Right::kRegistryRead}), make("registryReadWrite", {Right::kRegistryWrite})};
  }

  test::FakeShard shard;
  store::memory::MemoryDeviceStore store;
  auth::Policies policies{policies_for_test()};
  HubInfo hub{kHost, {"gateway.local", "localhost"}};
  Authenticator authenticator{store, policies, hub, shard.clock};
};

#define EXPECT_REFUSED(expression, why)                                                                       \
  do {                                                                                                        \
    const auto refused_result = (expression);                                                                 \
    ASSERT_FALSE(refused_result);                                                                             \
    EXPECT_EQ(refused_result.error().code, ErrorCode::kIotHubUnauthorizedAccess);                             \
    EXPECT_NE(refused_result.error().message.find(why), std::string::npos) << refused_result.error().message; \
  } while (false)

TEST_F(AuthenticatorTest, ADeviceConnectsWithEitherKey) {
  for (const char* key : {kPrimary, kSecondary}) {
    const auto grant = authenticator.device({"dev-1", ""}, token("hub1.example.test/devices/dev-1", key));
    ASSERT_TRUE(grant) << grant.error().message;
    EXPECT_EQ(grant->identity.key.device, "dev-1");
    EXPECT_EQ(grant->credential.scope, AuthScope::kDevice);
    EXPECT_EQ(grant->credential.key, key);
    EXPECT_EQ(grant->credential.expires_unix_seconds, now() + 3600);
  }
}

TEST_F(AuthenticatorTest, EverySpellingOfTheAudienceIsAccepted) {
  // C#: the id encoded twice; C: raw; gateways dial another name.
  EXPECT_TRUE(authenticator.device({"a@b", ""}, token("hub1.example.test/devices/a%40b")));
  EXPECT_TRUE(authenticator.device({"a@b", ""}, token("hub1.example.test/devices/a@b")));
  EXPECT_TRUE(authenticator.device({"dev-1", ""}, token("HUB1.example.TEST/devices/dev-1")));
  EXPECT_TRUE(authenticator.device({"dev-1", ""}, token("gateway.local:8883/devices/dev-1")));
  EXPECT_TRUE(authenticator.device({"dev-1", ""}, token("amqps://localhost:5671/devices/dev-1")));
}

TEST_F(AuthenticatorTest, TheWrongAudienceIsRefusedAlthoughTheKeyIsRight) {
  EXPECT_REFUSED(authenticator.device({"dev-1", ""}, token("hub1.example.test/devices/dev-2")), "audience");
  EXPECT_REFUSED(authenticator.device({"dev-1", ""}, token("hub2.example.test/devices/dev-1")), "audience");
  EXPECT_REFUSED(authenticator.device({"dev-1", ""}, token("hub1.example.test/devices/Dev-1")), "audience");
  EXPECT_REFUSED(authenticator.device({"dev-1", ""}, token("hub1.example.test/devices/dev-1/modules/m1")), "audience");
}

TEST_F(AuthenticatorTest, UnknownDisabledAndCertificateIdentitiesAreRefused) {
  EXPECT_REFUSED(authenticator.device({"nobody", ""}, token("hub1.example.test/devices/nobody")), "unknown");
  EXPECT_REFUSED(authenticator.device({"off", ""}, token("hub1.example.test/devices/off")), "disabled");
  EXPECT_REFUSED(authenticator.device({"off", "m1"}, token("hub1.example.test/devices/off/modules/m1")), "disabled");
  EXPECT_REFUSED(authenticator.device({"off", ""}, token("hub1.example.test", kPolicyKey, "device")), "disabled");
  EXPECT_REFUSED(authenticator.device({"nobody", ""}, token("hub1.example.test", kPolicyKey, "device")), "unknown");
  EXPECT_REFUSED(authenticator.device({"cert", ""}, token("hub1.example.test/devices/cert")), "keys");
  EXPECT_REFUSED(authenticator.device({"dev-1", "m2"}, token("hub1.example.test/devices/dev-1/modules/m2")), "unknown");
}

TEST_F(AuthenticatorTest, AModuleNeedsItsOwnKey) {
  const std::string audience = "hub1.example.test/devices/dev-1/modules/m1";
  const auto grant = authenticator.device({"dev-1", "m1"}, token(audience, kModuleKey));
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->credential.scope, AuthScope::kModule);
  EXPECT_REFUSED(authenticator.device({"dev-1", "m1"}, token(audience, kPrimary)), "signature");
  EXPECT_REFUSED(authenticator.device({"dev-1", ""}, token("hub1.example.test/devices/dev-1", kModuleKey)),
                 "signature");
}

TEST_F(AuthenticatorTest, PoliciesNeedDeviceConnect) {
  for (const auto& policy : policies.current()->all()) {
    const auto grant = authenticator.device({"dev-1", ""}, token(kHost, kPolicyKey, policy.name));
    const bool may = policy.rights.has(auth::Right::kDeviceConnect);
    EXPECT_EQ(grant.has_value(), may) << policy.name;
    if (!may) continue;
    EXPECT_EQ(grant->credential.scope, AuthScope::kHub);
    EXPECT_EQ(grant->credential.policy, policy.name);
  }
  EXPECT_TRUE(authenticator.device({"dev-1", "m1"}, token(kHost, kPolicySecondary, "device")));
  EXPECT_TRUE(authenticator.device({"dev-1", ""}, token("hub1.example.test/devices", kPolicyKey, "device")));
  EXPECT_REFUSED(authenticator.device({"dev-1", ""}, token(kHost, kPolicyKey, "nobody")), "policy is unknown");
  EXPECT_REFUSED(authenticator.device({"dev-1", ""}, token(kHost, kPolicyKey, "Device")), "policy is unknown");
  EXPECT_REFUSED(authenticator.device({"dev-1", ""}, token(kHost, kPrimary, "device")), "signature");
}

TEST_F(AuthenticatorTest, APolicyTokenForOneDeviceIsThatDeviceOnly) {
  const std::string mine = token("hub1.example.test/devices/dev-1", kPolicyKey, "device");
  EXPECT_TRUE(authenticator.device({"dev-1", ""}, mine));
  EXPECT_TRUE(authenticator.device({"dev-1", "m1"}, mine));
  EXPECT_REFUSED(authenticator.device({"a@b", ""}, mine), "a");
  // While both spellings exist, nobody can tell which one was meant.
  const std::string twice = token("hub1.example.test/devices/a%40b", kPolicyKey, "device");
  EXPECT_TRUE(authenticator.device({"a@b", ""}, twice));
  add({"a%40b", ""});
  EXPECT_REFUSED(authenticator.device({"a@b", ""}, twice), "ambiguous");
}

TEST_F(AuthenticatorTest, ExpiryAllowsTheClockSkew) {
  const std::string text = auth::make_sas("hub1.example.test/devices/dev-1", kPrimary, now(), "");
  shard.clock.advance(std::chrono::seconds(limits::kSasClockSkewSeconds));
  EXPECT_TRUE(authenticator.device({"dev-1", ""}, text));
  shard.clock.advance(std::chrono::seconds(1));
  EXPECT_REFUSED(authenticator.device({"dev-1", ""}, text), "expired");
  const std::string service = auth::make_sas(kHost, kPolicyKey, now() - 301, "service");
  EXPECT_REFUSED(authenticator.service(service), "expired");
}

TEST_F(AuthenticatorTest, AHugeExpirySaturates) {
  const std::string text = auth::make_sas("hub1.example.test/devices/dev-1", kPrimary, INT64_MAX, "");
  const auto grant = authenticator.device({"dev-1", ""}, text);
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->credential.expires_unix_seconds, 253'402'300'799);
}

TEST_F(AuthenticatorTest, MalformedTokensAreRefusedByReason) {
  EXPECT_REFUSED(authenticator.device({"dev-1", ""}, ""), "not a shared access signature");
  EXPECT_REFUSED(authenticator.device({"dev-1", ""}, "SharedAccessSignature sr=h&se=1"), "missing");
  EXPECT_REFUSED(authenticator.service("SharedAccessSignature sr=h&sig=x&se=soon"), "not a number");
  EXPECT_REFUSED(authenticator.service("SharedAccessSignature sr=h&sr=h&sig=x&se=1"), "twice");
  EXPECT_REFUSED(authenticator.by_audience(std::string(limits::kSasTokenBytesMax + 1, 'x')), "too long");
}

TEST_F(AuthenticatorTest, ReasonsNeverCarrySecrets) {
  const std::string text = token("hub1.example.test/devices/dev-1", kModuleKey);
  const auto refused = authenticator.device({"dev-1", ""}, text);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message.find(kPrimary), std::string::npos);
  EXPECT_EQ(refused.error().message.find("sig="), std::string::npos);
}

TEST_F(AuthenticatorTest, ServiceTokensNameAPolicyAndThisHub) {
  const auto grant = authenticator.service(token(kHost, kPolicyKey, "service"));
  ASSERT_TRUE(grant);
  EXPECT_TRUE(grant->rights.has(auth::Right::kServiceConnect));
  EXPECT_TRUE(grant->scope.empty());
  EXPECT_REFUSED(authenticator.service(token(kHost, kPolicyKey)), "no policy");
  EXPECT_REFUSED(authenticator.service(token("other.example.test", kPolicyKey, "service")), "another host");
  EXPECT_REFUSED(authenticator.service(token(kHost, kPrimary, "service")), "signature");
}

TEST_F(AuthenticatorTest, ServiceScopesArePrefixesBySegment) {
  using auth::Right;
  const auto whole = authenticator.service(token(kHost, kPolicyKey, "iothubowner"));
  EXPECT_TRUE(whole->allows(Right::kRegistryRead, {"devices", "d1"}));
  EXPECT_TRUE(whole->allows(Right::kRegistryRead, {}));
  const auto devices = authenticator.service(token("hub1.example.test/Devices", kPolicyKey, "iothubowner"));
  EXPECT_TRUE(devices->allows(Right::kRegistryWrite, {"devices", "d1"}));
  EXPECT_FALSE(devices->allows(Right::kServiceConnect, {"twins", "d1"}));
  EXPECT_FALSE(devices->allows(Right::kRegistryRead, {}));
  const auto one = authenticator.service(token("hub1.example.test/devices/a%40b", kPolicyKey, "iothubowner"));
  EXPECT_TRUE(one->allows(Right::kRegistryRead, {"devices", "a@b"}));
  EXPECT_TRUE(one->allows(Right::kRegistryRead, {"devices", "a@b", "modules"}));
  EXPECT_FALSE(one->allows(Right::kRegistryRead, {"devices"}));
  EXPECT_FALSE(one->allows(Right::kRegistryRead, {"devices", "A@B"}));
  const auto read = authenticator.service(token(kHost, kPolicyKey, "registryRead"));
  EXPECT_TRUE(read->allows(Right::kRegistryRead, {"devices"}));
  EXPECT_FALSE(read->allows(Right::kRegistryWrite, {"devices"}));
  const auto events = authenticator.service(token("sb://hub1.example.test/hub1/", kPolicyKey, "service"));
  EXPECT_TRUE(events->allows(Right::kServiceConnect, {"hub1", "ConsumerGroups", "$Default", "Partitions", "0"}));
}

TEST_F(AuthenticatorTest, TheAudienceSaysWhomAPutTokenIsFor) {
  const auto device = authenticator.by_audience(token("hub1.example.test/devices/a%40b"));
  ASSERT_TRUE(device);
  EXPECT_EQ(std::get<DeviceGrant>(*device).identity.key, (IdentityKey{"a@b", ""}));
  const auto module =
      authenticator.by_audience(token("amqps://hub1.example.test/devices/dev-1/modules/m1", kModuleKey));
  ASSERT_TRUE(module);
  EXPECT_EQ(std::get<DeviceGrant>(*module).identity.key, (IdentityKey{"dev-1", "m1"}));
  const auto service = authenticator.by_audience(token("sb://hub1.example.test/hub1", kPolicyKey, "service"));
  ASSERT_TRUE(service);
  EXPECT_EQ(std::get<ServiceGrant>(*service).scope, std::vector<std::string>{"hub1"});
  EXPECT_REFUSED(authenticator.by_audience(token("hub1.example.test")), "names no device");
  EXPECT_REFUSED(authenticator.by_audience(token("other.test/devices/dev-1")), "audience");
}

TEST_F(AuthenticatorTest, APolicyGrantActsAsAnyDeviceInItsScope) {
  const auto all = authenticator.service(token(kHost, kPolicyKey, "device"));
  EXPECT_TRUE(authenticator.device_by_policy({"dev-1", ""}, *all));
  EXPECT_TRUE(authenticator.device_by_policy({"dev-1", "m1"}, *all));
  EXPECT_REFUSED(authenticator.device_by_policy({"off", ""}, *all), "disabled");
  const auto one = authenticator.service(token("hub1.example.test/devices/dev-1", kPolicyKey, "device"));
  EXPECT_TRUE(authenticator.device_by_policy({"dev-1", ""}, *one));
  EXPECT_REFUSED(authenticator.device_by_policy({"a@b", ""}, *one), "audience");
  const auto service = authenticator.service(token(kHost, kPolicyKey, "service"));
  EXPECT_REFUSED(authenticator.device_by_policy({"dev-1", ""}, *service), "DeviceConnect");
}

TEST_F(AuthenticatorTest, CredentialsStandUntilWhatTheyRestOnChanges) {
  auto grant = authenticator.device({"dev-1", ""}, token("hub1.example.test/devices/dev-1", kSecondary));
  ASSERT_TRUE(grant);
  Identity identity = grant->identity;
  EXPECT_TRUE(authenticator.still_stands(grant->credential, identity));
  identity.authentication.primary_key = kModuleKey;  // the other key
  EXPECT_TRUE(authenticator.still_stands(grant->credential, identity));
  identity.authentication.secondary_key = kModuleKey;
  EXPECT_FALSE(authenticator.still_stands(grant->credential, identity));
  identity = grant->identity;
  identity.enabled = false;
  EXPECT_FALSE(authenticator.still_stands(grant->credential, identity));
  identity = grant->identity;
  identity.authentication.type = AuthType::kCertificateAuthority;
  EXPECT_FALSE(authenticator.still_stands(grant->credential, identity));
}

TEST_F(AuthenticatorTest, AModulesCredentialFallsWithItsDevice) {
  const auto grant =
      authenticator.device({"dev-1", "m1"}, token("hub1.example.test/devices/dev-1/modules/m1", kModuleKey));
  ASSERT_TRUE(grant);
  EXPECT_TRUE(authenticator.still_stands(grant->credential, grant->identity));
  add({"dev-1", ""}, [](Identity& i) { i.enabled = false; });
  EXPECT_FALSE(authenticator.still_stands(grant->credential, grant->identity));
}

TEST_F(AuthenticatorTest, PolicyCredentialsFallWithTheirPolicy) {
  const auto device = authenticator.device({"dev-1", ""}, token(kHost, kPolicyKey, "device"));
  const auto service = authenticator.service(token(kHost, kPolicySecondary, "service"));
  EXPECT_TRUE(authenticator.still_stands(device->credential, device->identity));
  EXPECT_TRUE(authenticator.still_stands(service->credential));
  auto changed = policies_for_test();
  changed[1].secondary_key = kPrimary;                 // service
  changed[2].rights = {auth::Right::kServiceConnect};  // device
  policies.replace(changed);
  EXPECT_FALSE(authenticator.still_stands(device->credential, device->identity));
  EXPECT_FALSE(authenticator.still_stands(service->credential));
  policies.replace({});
  EXPECT_FALSE(authenticator.still_stands(service->credential));
}

}  // namespace
}  // namespace nave::hub
