#include "front/amqp/sasl_identity.h"

#include <gtest/gtest.h>

namespace nave::front::amqp {
namespace {

std::string plain(const std::string& authzid, const std::string& user, const std::string& password) {
  return authzid + '\0' + user + '\0' + password;
}

TEST(PlainLogin, PolicyUser) {
  const std::string response = plain("", "iothubowner@sas.root.Contoso", "SharedAccessSignature sr=x");
  const auto login = parse_plain(response);
  ASSERT_TRUE(login);
  ASSERT_TRUE(std::holds_alternative<PolicyUser>(login->user));
  EXPECT_EQ(std::get<PolicyUser>(login->user).policy, "iothubowner");
  EXPECT_EQ(login->hub_name, "Contoso");
  EXPECT_EQ(login->password, "SharedAccessSignature sr=x");
}

TEST(PlainLogin, DeviceAndModuleUsers) {
  struct Case {
    const char* user;
    const char* device;
    const char* module;
  };
  const Case cases[] = {
      {"d1@sas.hub", "d1", ""},   {"d1/modules/m1@sas.hub", "d1", "m1"},
      {"d1@hub", "d1", ""},       {"d%401@SAS.hub.example", "d@1", ""},
      {"d@1@sas.hub", "d@1", ""},
  };
  for (const Case& c : cases) {
    const auto login = parse_plain(plain(c.user, c.user, "p"));
    ASSERT_TRUE(login) << c.user;
    ASSERT_TRUE(std::holds_alternative<IdentityKey>(login->user)) << c.user;
    EXPECT_EQ(std::get<IdentityKey>(login->user), (IdentityKey{c.device, c.module})) << c.user;
    EXPECT_EQ(login->hub_name, "hub") << c.user;
  }
}

TEST(PlainLogin, RefusesMalformedResponses) {
  EXPECT_FALSE(parse_plain("no separators"));
  EXPECT_FALSE(parse_plain(std::string("a\0b", 3)));
  EXPECT_FALSE(parse_plain(plain("other", "p@sas.root.hub", "x"))) << "authzid must be empty or the same user";
  EXPECT_FALSE(parse_plain(plain("", "nohub", "x")));
  EXPECT_FALSE(parse_plain(plain("", "@sas.root.hub", "x")));
  EXPECT_FALSE(parse_plain(plain("", "p@sas.root.", "x")));
  EXPECT_FALSE(parse_plain(plain("", "d/m@sas.hub", "x")));
  EXPECT_FALSE(parse_plain(plain("", "d/modules/@sas.hub", "x")));
  EXPECT_FALSE(parse_plain(plain("", std::string(129, 'd') + "@sas.hub", "x")));
  EXPECT_TRUE(parse_plain(plain("", std::string(128, 'd') + "@sas.hub", "x")));
}

}  // namespace
}  // namespace nave::front::amqp
