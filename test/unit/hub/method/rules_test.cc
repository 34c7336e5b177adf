#include "hub/method/rules.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "json/parse.h"

namespace nave::hub {
namespace {

HubResult<MethodInput> read(const std::string& text) {
  return read_method_input(*json::parse(text).value().if_object());
}

ErrorCode refused(const MethodInput& input) {
  const auto ok = check_method_input(input);
  return ok ? ErrorCode::kServerError : ok.error().code;
}

bool fine(const MethodInput& input) {
  return check_method_input(input).has_value();
}

TEST(MethodInput, Defaults) {
  const auto input = read(R"({"methodName":"reboot"})").value();
  EXPECT_EQ(input.name, "reboot");
  EXPECT_EQ(input.payload, "null");
  EXPECT_EQ(input.response_timeout_s, 30);
  EXPECT_EQ(input.connect_timeout_s, 0);
}

TEST(MethodInput, NumbersOfThePayloadKeepTheirSpelling) {
  EXPECT_EQ(read(R"({"payload": {"b": 1.50, "a": [1e2, -0.0, 12345678901234567890123]}})")->payload,
            R"({"b":1.50,"a":[1e2,-0.0,12345678901234567890123]})");
  EXPECT_EQ(read(R"({"payload":null})")->payload, "null");
  EXPECT_EQ(read(R"({"payload":0})")->payload, "0");
  EXPECT_EQ(read(R"({"payload":""})")->payload, R"("")");
}

TEST(MethodInput, TheOldNameOfTheTimeOut) {
  EXPECT_EQ(read(R"({"timeoutInSeconds":77})")->response_timeout_s, 77);
  EXPECT_EQ(read(R"({"responseTimeoutInSeconds":20,"timeoutInSeconds":77})")->response_timeout_s, 20);
  EXPECT_EQ(read(R"({"responseTimeoutInSeconds":null,"connectTimeoutInSeconds":null})")->response_timeout_s, 30);
}

TEST(MethodInput, WrongTypes) {
  for (const char* text : {R"({"methodName":1})", R"({"responseTimeoutInSeconds":"30"})",
                           R"({"responseTimeoutInSeconds":30.5})", R"({"connectTimeoutInSeconds":true})",
                           R"({"timeoutInSeconds":[]})", R"({"connectTimeoutInSeconds":99999999999999999999})"}) {
    const auto input = read(text);
    ASSERT_FALSE(input) << text;
    EXPECT_EQ(input.error().code, ErrorCode::kArgumentInvalid);
  }
}

TEST(MethodRules, EveryCharacterOfAName) {
  const std::string forbidden = "$()<>@,;:\\\"/[]?={}+# \t";
  for (int c = 0; c < 256; ++c) {
    const std::string name(1, static_cast<char>(c));
    const bool allowed = c > 32 && c < 127 && forbidden.find(static_cast<char>(c)) == std::string::npos;
    EXPECT_EQ(fine({.name = name}), allowed) << c;
  }
}

TEST(MethodRules, LengthsAtAndPastTheEdge) {
  EXPECT_EQ(refused({.name = ""}), ErrorCode::kArgumentInvalid);
  EXPECT_TRUE(fine({.name = std::string(limits::kMethodNameCharsMax, 'x')}));
  EXPECT_EQ(refused({.name = std::string(limits::kMethodNameCharsMax + 1, 'x')}), ErrorCode::kArgumentInvalid);
  EXPECT_TRUE(fine({.name = "m", .payload = std::string(limits::kMethodPayloadBytesMax, '1')}));
  EXPECT_EQ(refused({.name = "m", .payload = std::string(limits::kMethodPayloadBytesMax + 1, '1')}),
            ErrorCode::kMessageTooLarge);
}

TEST(MethodRules, TimeOutsAtAndPastTheEdge) {
  for (const int64_t s : {5, 300}) EXPECT_TRUE(fine({.name = "m", .response_timeout_s = s})) << s;
  for (const int64_t s : {-1, 0, 4, 301}) {
    EXPECT_EQ(refused({.name = "m", .response_timeout_s = s}), ErrorCode::kArgumentInvalid) << s;
  }
  EXPECT_TRUE(fine({.name = "m", .response_timeout_s = 300, .connect_timeout_s = 300}));
  EXPECT_EQ(refused({.name = "m", .response_timeout_s = 300, .connect_timeout_s = 301}), ErrorCode::kArgumentInvalid);
  EXPECT_EQ(refused({.name = "m", .connect_timeout_s = -1}), ErrorCode::kArgumentInvalid);
}

TEST(MethodRules, ConnectingMustNotTakeLongerThanTheCall) {
  EXPECT_TRUE(fine({.name = "m", .response_timeout_s = 10, .connect_timeout_s = 10}));
  const auto ok = check_method_input({.name = "m", .response_timeout_s = 10, .connect_timeout_s = 11});
  ASSERT_FALSE(ok);
  EXPECT_EQ(ok.error().code, ErrorCode::kArgumentInvalid);
  EXPECT_NE(ok.error().message.find("cannot be longer than an overall call timeout"), std::string::npos);
}

}  // namespace
}  // namespace nave::hub
