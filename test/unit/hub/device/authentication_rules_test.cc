#include "hub/device/authentication_rules.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/limits.h"

namespace nave::hub {
namespace {

AuthenticationInput keys(const std::string& primary, const std::string& secondary) {
  AuthenticationInput out;
  out.primary_key = primary;
  out.secondary_key = secondary;
  return out;
}

AuthenticationInput thumbprints(const std::string& primary, const std::string& secondary = "") {
  AuthenticationInput out;
  out.primary_thumbprint = primary;
  out.secondary_thumbprint = secondary;
  return out;
}

std::string key_of(size_t bytes) {
  return base64_encode(std::string(bytes, 'k'));
}

void expect_fresh_keys(const HubResult<Authentication>& a) {
  ASSERT_TRUE(a);
  EXPECT_EQ(a->type, AuthType::kSas);
  EXPECT_EQ(a->primary_key.size(), 44U);
  EXPECT_EQ(base64_decode(a->secondary_key).value_or("").size(), 32U);
  EXPECT_NE(a->primary_key, a->secondary_key);
}

TEST(AuthenticationRules, AbsentOrEmptyKeysAreMade) {
  expect_fresh_keys(decide_authentication(std::nullopt, IdentityKind::kDevice));
  expect_fresh_keys(decide_authentication(AuthenticationInput{}, IdentityKind::kModule));
  AuthenticationInput sas;
  sas.type = AuthType::kSas;
  expect_fresh_keys(decide_authentication(sas, IdentityKind::kDevice));
  EXPECT_NE(decide_authentication(sas, IdentityKind::kDevice)->primary_key,
            decide_authentication(sas, IdentityKind::kDevice)->primary_key);
}

TEST(AuthenticationRules, KeysHave16To64BytesAndAreKeptAsGiven) {
  for (const size_t bytes : {limits::kKeyBytesMin, size_t{33}, limits::kKeyBytesMax}) {
    const auto a = decide_authentication(keys(key_of(bytes), key_of(32)), IdentityKind::kDevice);
    ASSERT_TRUE(a) << bytes;
    EXPECT_EQ(a->primary_key, key_of(bytes));
  }
  for (const size_t bytes : {limits::kKeyBytesMin - 1, limits::kKeyBytesMax + 1}) {
    for (const auto& input : {keys(key_of(bytes), key_of(32)), keys(key_of(32), key_of(bytes))}) {
      const auto a = decide_authentication(input, IdentityKind::kDevice);
      ASSERT_FALSE(a) << bytes;
      EXPECT_EQ(a.error().code, ErrorCode::kArgumentInvalid);
      EXPECT_EQ(a.error().message, "Invalid device key length");
    }
  }
}

TEST(AuthenticationRules, BothKeysOrNeither) {
  for (const auto& input : {keys(key_of(32), ""), keys("", key_of(32))}) {
    const auto a = decide_authentication(input, IdentityKind::kDevice);
    ASSERT_FALSE(a);
    EXPECT_EQ(a.error().message, "Either no keys or both keys can be set");
  }
  EXPECT_FALSE(decide_authentication(keys("not base64!", key_of(32)), IdentityKind::kDevice));
}

TEST(AuthenticationRules, ThumbprintsAreHexOf40Or64Digits) {
  for (const size_t digits : {size_t{40}, size_t{64}}) {
    const auto a =
        decide_authentication(thumbprints(std::string(digits, 'A'), std::string(digits, 'f')), IdentityKind::kDevice);
    ASSERT_TRUE(a);
    EXPECT_EQ(a->type, AuthType::kSelfSigned);
    EXPECT_EQ(a->primary_thumbprint, std::string(digits, 'A'));
    EXPECT_TRUE(a->primary_key.empty());
  }
  for (const std::string& bad :
       {std::string(39, 'a'), std::string(41, 'a'), std::string(65, 'a'), std::string(40, 'g'), std::string("AA:BB")}) {
    const auto a = decide_authentication(thumbprints(bad), IdentityKind::kDevice);
    ASSERT_FALSE(a) << bad;
    EXPECT_EQ(a.error().message, "StringIsNotThumbprint");
  }
  AuthenticationInput none_at_all;
  none_at_all.type = AuthType::kSelfSigned;
  EXPECT_TRUE(decide_authentication(none_at_all, IdentityKind::kDevice));
  EXPECT_EQ(decide_authentication(thumbprints("", std::string(40, 'a')), IdentityKind::kDevice)->type,
            AuthType::kSelfSigned);
}

TEST(AuthenticationRules, CertificateAuthorityKeepsNothing) {
  AuthenticationInput input = keys(key_of(32), key_of(32));
  input.type = AuthType::kCertificateAuthority;
  const auto a = decide_authentication(input, IdentityKind::kDevice);
  ASSERT_TRUE(a);
  EXPECT_EQ(a->type, AuthType::kCertificateAuthority);
  EXPECT_TRUE(a->primary_key.empty());
}

TEST(AuthenticationRules, NoneDependsOnTheKindOfIdentity) {
  AuthenticationInput none;
  none.type = AuthType::kNone;
  EXPECT_EQ(decide_authentication(none, IdentityKind::kDevice).error().code,
            ErrorCode::kDeviceAuthenticationTypeIsMissing);
  expect_fresh_keys(decide_authentication(none, IdentityKind::kModule));
  EXPECT_EQ(decide_authentication(none, IdentityKind::kSystemModule)->type, AuthType::kNone);
}

}  // namespace
}  // namespace nave::hub
