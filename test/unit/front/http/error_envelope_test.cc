// Error bodies, read the way each SDK reads them (reference/service-rest.md §4).
#include "front/http/errors.h"

#include <gtest/gtest.h>

#include "json/parse.h"

namespace nave::front::http {
namespace {

using hub::Error;
using hub::ErrorCode;

std::vector<Error> every_error() {
  return {
#define NAVE_ERROR(name, code, http, amqp, mqtt, text) Error(ErrorCode::k##name),
#include "hub/errors.def"
#undef NAVE_ERROR
  };
}

std::string member(const std::string& text, const std::string& name) {
  const auto body = json::parse(text);
  return body ? *body->if_object()->find(name)->if_string() : "";
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> out{""};
  for (const char c : text) {
    if (c == at)
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

// Node: Message.split(';'), code behind the ':' of the first part, text in the second.
TEST(ErrorEnvelope, NodeReadsCodeAndText) {
  for (const Error& e : every_error()) {
    const auto parts = split(member(error_body(e, "t"), "Message"), ';');
    ASSERT_EQ(parts.size(), 2U);
    EXPECT_EQ(split(parts[0], ':')[1], row(e.code).name);
    EXPECT_EQ(parts[1], e.message);
  }
}

// C#: the Message is not a JSON object of strings, so the code is what stands between "ErrorCode:" and the first ';',
// and must equal the iothub-errorcode header.
TEST(ErrorEnvelope, CSharpReadsTheCode) {
  for (const Error& e : every_error()) {
    const std::string message = member(error_body(e, "t"), "Message");
    EXPECT_FALSE(json::parse(message));
    constexpr std::string_view kMark = "ErrorCode:";
    ASSERT_TRUE(message.starts_with(kMark));
    EXPECT_EQ(message.substr(kMark.size(), message.find(';') - kMark.size()), row(e.code).name);
  }
}

// Java and C# unwrap a nested document: a flat map of strings and numbers, "info" null.
TEST(ErrorEnvelope, NestedDocumentsCarryTheNumber) {
  for (const Error& e : every_error()) {
    const std::string body = nested_error_body(e, "t", from_unix_ms(1'786'784'856'000));
    EXPECT_EQ(member(body, "ExceptionMessage"), "");
    const auto inner = json::parse(member(body, "Message"));
    ASSERT_TRUE(inner);
    EXPECT_EQ(inner->if_object()->find("errorCode")->to_int64(), row(e.code).code);
    EXPECT_TRUE(inner->if_object()->find("info")->is_null());
    for (const json::Member& m : *inner->if_object()) EXPECT_EQ(m.value.if_object(), nullptr) << m.name;
  }
  const std::string text = nested_error_body(ErrorCode::kGatewayTimeout, "t", from_unix_ms(1'786'784'856'000));
  EXPECT_EQ(member(text, "Message"),
            R"({"errorCode":504101,"message":"Timed out waiting for the response from device.","trackingId":"t",)"
            R"("timestampUtc":"2026-08-15T09:07:36Z","info":null})");
}

TEST(ErrorEnvelope, TextsOfPeersCannotBreakOut) {
  const Error hostile(ErrorCode::kDeviceNotFound, "a;b\"}\n\\");
  EXPECT_EQ(member(error_body(hostile, "t"), "Message"), "ErrorCode:DeviceNotFound;a,b\"}\n\\");
  EXPECT_EQ(member(error_body(hostile, "x"), "ExceptionMessage"), "Tracking ID:x");
}

}  // namespace
}  // namespace nave::front::http
