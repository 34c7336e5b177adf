// Cloud-to-device messages over HTTPS: what clients depend on, named after the client that breaks otherwise.
#include <gtest/gtest.h>

#include "unit/front/http/api_fixture.h"

namespace nave::test {
namespace {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

class HttpC2dTest : public ApiFixture {
 protected:
  HttpC2dTest() {
    (void)send("PUT", "/devices/d?api-version=2021-04-12", "{}");
    (void)send("PUT", "/devices/d/modules/m?api-version=2021-04-12", "{}");
  }
  Response post(const std::string& body, HeaderList headers = {}, const std::string& path = "/devices/d") {
    return send("POST", path + "/messages/deviceBound?api-version=2021-04-12", body, std::move(headers));
  }
  Response as_device(const std::string& method, const std::string& target, HeaderList headers = {},
                     const IdentityKey& key = {"d", ""}) {
    headers.emplace_back("Authorization", device_token(key));
    return send(method, target, "", std::move(headers));
  }
  Response receive(HeaderList headers = {}, const std::string& query = "") {
    return as_device("GET", "/devices/d/messages/devicebound?api-version=2021-04-12" + query, std::move(headers));
  }
  // Sends and receives one message: its lock.
  std::string locked(const std::string& body = "x", HeaderList headers = {}) {
    EXPECT_EQ(post(body, std::move(headers)).status, 204);
    const std::string etag = receive().header("ETag");
    return etag.size() > 2 ? etag.substr(1, etag.size() - 2) : "";
  }
  Response remove(const std::string& lock, const std::string& query = "", HeaderList headers = {}) {
    return as_device("DELETE", "/devices/d/messages/devicebound/" + lock + "?api-version=2021-04-12" + query,
                     std::move(headers));
  }
  Response abandon(const std::string& lock, HeaderList headers = {}) {
    return as_device("POST", "/devices/d/messages/devicebound/" + lock + "/abandon?api-version=2021-04-12",
                     std::move(headers));
  }
  static void expect_error(const Response& r, int status, const std::string& name) {
    EXPECT_EQ(r.status, status);
    EXPECT_EQ(r.header("iothub-errorcode"), name);
  }
  // "id:Status …" of all feedback there is.
  std::string feedback() {
    shard.advance(15'000);
    c2d.on_tick();
    const Response r = send("GET", "/messages/serviceBound/feedback?api-version=2021-04-12");
    if (r.status != 200) return "";
    const json::Value batch = r.json();
    std::string out;
    for (const json::Value& item : *batch.if_array()) {
      out += (out.empty() ? "" : " ") + *item.if_object()->find("originalMessageId")->if_string() + ":" +
             *item.if_object()->find("statusCode")->if_string();
    }
    return out;
  }
};

// C compares "ETag" and the iothub- names byte for byte, C# looks its headers up in the case received (§8.2).
TEST_F(HttpC2dTest, CAndCSharpFindEveryHeaderInItsExactSpelling) {
  EXPECT_EQ(post("payload", {{"iothub-messageid", "mid"},
                             {"iothub-correlationid", "cid"},
                             {"iothub-userid", "uid"},
                             {"iothub-to", "/devices/d/messages/deviceBound"},
                             {"iothub-ack", "full"},
                             {"iothub-expiry", "2030-01-01T00:00:00Z"},
                             {"iothub-contenttype", "application/json"},
                             {"iothub-contentencoding", "utf-8"},
                             {"iothub-app-Level", "storm"}})
                .status,
            204);
  const Response r = receive();
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.body, "payload");
  HeaderList headers;
  for (const auto& h : r.headers) {
    if (h.first != "ETag" && h.first != "x-ms-request-id" && h.first != "Content-Type") headers.push_back(h);
  }
  EXPECT_EQ(headers, (HeaderList{{"iothub-messageid", "mid"},
                                 {"iothub-correlationid", "cid"},
                                 {"iothub-userid", "uid"},
                                 {"iothub-to", "/devices/d/messages/deviceBound"},
                                 {"iothub-ack", "full"},
                                 {"ContentType", "application/json"},
                                 {"iothub-contenttype", "application/json"},
                                 {"ContentEncoding", "utf-8"},
                                 {"iothub-contentencoding", "utf-8"},
                                 {"iothub-expiry", "2030-01-01T00:00:00.0000000Z"},
                                 {"iothub-enqueuedtime", format_iso8601_fixed(shard.clock.utc())},
                                 {"iothub-deliverycount", "0"},
                                 {"iothub-sequencenumber", "1"},
                                 {"iothub-app-Level", "storm"}}));
}

// Node takes the first and the last character of the ETag away, whatever they are; C demands the quotes (§8.6).
TEST_F(HttpC2dTest, NodeAndCGetAQuotedLockToken) {
  (void)post("x");
  const std::string etag = receive().header("ETag");
  ASSERT_EQ(etag.size(), 38U);
  EXPECT_EQ(etag.front(), '"');
  EXPECT_EQ(etag.back(), '"');
}

TEST_F(HttpC2dTest, NoMessageIsAnEmpty204) {
  const Response r = receive();
  EXPECT_EQ(r.status, 204);
  EXPECT_EQ(r.body, "");
}

// C takes nothing but 204 for a completion (§8.3, row 4).
TEST_F(HttpC2dTest, CCompletesWithExactly204AndTheSecondTimeIsALostLock) {
  const std::string lock = locked();
  EXPECT_EQ(remove(lock).status, 204);
  expect_error(remove(lock), 412, "DeviceMessageLockLost");
  EXPECT_EQ(receive().status, 204);
}

TEST_F(HttpC2dTest, EverySpellingOfReject) {
  int id = 0;
  for (const auto* query : {"&reject", "&reject=true", "&Reject=", "&%3Freject=true"}) {
    const std::string lock = locked("x", {{"iothub-messageid", "r" + std::to_string(id++)}, {"iothub-ack", "full"}});
    EXPECT_EQ(remove(lock, query).status, 204) << query;
  }
  EXPECT_EQ(feedback(), "r0:Rejected r1:Rejected r2:Rejected r3:Rejected");
}

TEST_F(HttpC2dTest, AbandonMakesItVisibleAndCounts) {
  const std::string lock = locked();
  EXPECT_EQ(abandon(lock).status, 204);
  const Response again = receive();
  EXPECT_EQ(again.header("iothub-deliverycount"), "1");
  EXPECT_NE(again.header("ETag"), '"' + lock + '"');
  expect_error(abandon(lock), 412, "DeviceMessageLockLost");
}

// Node and Java send it bare, C and C# quoted; C#'s abandon calls the header IfMatch (§8.3).
TEST_F(HttpC2dTest, EverySpellingOfIfMatch) {
  for (const auto* name : {"If-Match", "if-match", "IfMatch"}) {
    for (const bool quoted : {false, true}) {
      const std::string lock = locked();
      const std::string right = quoted ? '"' + lock + '"' : lock;
      const std::string other = "33221100-5544-7766-8899-aabbccddeeff";
      const std::string wrong = quoted ? '"' + other + '"' : other;
      expect_error(abandon(lock, {{name, wrong}}), 412, "PreconditionFailed");
      expect_error(remove(lock, "", {{name, wrong}}), 412, "PreconditionFailed");
      EXPECT_EQ(remove(lock, "", {{name, right}}).status, 204) << name << quoted;
    }
  }
  const std::string lock = locked();
  EXPECT_EQ(remove(lock, "", {{"If-Match", "*"}}).status, 204);
}

TEST_F(HttpC2dTest, WhatIsNoLockTokenIsALostLock) {
  for (const auto* lock : {"x", "33221100-5544-7766-8899-aabbccddeeff", "%20"}) {
    expect_error(remove(lock), 412, "DeviceMessageLockLost");
    expect_error(abandon(lock), 412, "DeviceMessageLockLost");
  }
}

// C# asks for the lock's time in the query, Java in a header (§8.3, row 3).
TEST_F(HttpC2dTest, CSharpAndJavaChooseTheTimeOfTheLock) {
  (void)post("x");
  const auto visible_after = [&](int64_t ms, HeaderList headers, const std::string& query) {
    EXPECT_EQ(receive(std::move(headers), query).status, 200) << query;
    shard.advance(ms - 1);
    c2d.on_tick();
    EXPECT_EQ(receive().status, 204) << query;
    shard.advance(1);
    c2d.on_tick();
  };
  visible_after(60'000, {}, "");
  visible_after(90'000, {}, "&iothub-messagelocktimeout=90");
  visible_after(5'000, {{"iothub-messagelocktimeout", "5"}}, "");
  visible_after(300'000, {}, "&iothub-messagelocktimeout=301");
  visible_after(300'000, {}, "&iothub-messagelocktimeout=99999999999999999999");
  visible_after(1'000, {}, "&iothub-messagelocktimeout=0");
  for (const auto* bad : {"x", "-1", "1.5", "1s"}) {
    expect_error(receive({}, std::string("&iothub-messagelocktimeout=") + bad), 400, "ArgumentInvalid");
  }
}

TEST_F(HttpC2dTest, AnyCaseAndNoApiVersionAsDevicesSendIt) {
  (void)post("x");
  EXPECT_EQ(as_device("GET", "/devices/d/messages/deviceBound/?api-version=2016-11-14").status, 200);
  (void)post("y");
  EXPECT_EQ(as_device("GET", "/DEVICES/d/Messages/DeviceBound").status, 200);
}

TEST_F(HttpC2dTest, OnlyTheDeviceItself) {
  (void)send("PUT", "/devices/other?api-version=2021-04-12", "{}");
  const std::string lock = locked();
  const HeaderList other{{"Authorization", device_token({"other", ""})}};
  EXPECT_EQ(send("GET", "/devices/d/messages/devicebound", "", other).status, 401);
  EXPECT_EQ(send("DELETE", "/devices/d/messages/devicebound/" + lock, "", other).status, 401);
  expect_error(as_device("DELETE", "/devices/other/messages/devicebound/" + lock, {}, {"other", ""}), 412,
               "DeviceMessageLockLost");
  EXPECT_EQ(remove(lock).status, 204);
  EXPECT_EQ(send("POST", "/devices/d/messages/deviceBound?api-version=2021-04-12", "x",
                 {{"Authorization", device_token({"d", ""})}})
                .status,
            401)
      << "a device does not send to itself";
}

// Azure IoT Explorer sends "Content-Encoding: utf-8", which is no coding of the body (service-rest.md §16).
TEST_F(HttpC2dTest, ExplorersContentEncodingIsTheMessages) {
  EXPECT_EQ(post("h\xc3\xa9", {{"Content-Encoding", "utf-8"}, {"Content-Type", "application/json"}}).status, 204);
  const Response r = receive();
  EXPECT_EQ(r.body, "h\xc3\xa9");
  EXPECT_EQ(r.header("iothub-contentencoding"), "utf-8");
  EXPECT_EQ(r.header("iothub-contenttype"), "application/json");
  EXPECT_EQ(r.header("iothub-to"), "/devices/d/messages/devicebound");
  (void)post("x", {{"Content-Type", "application/x-www-form-urlencoded"},
                   {"iothub-contentencoding", "utf-16"},
                   {"Content-Encoding", "utf-8"}});
  const Response curl = receive();
  EXPECT_EQ(curl.header("iothub-contenttype"), "") << "what curl says of any body";
  EXPECT_EQ(curl.header("iothub-contentencoding"), "utf-16");
}

TEST_F(HttpC2dTest, ErrorsOfSending) {
  expect_error(post("x", {}, "/devices/nobody"), 404, "DeviceNotFound");
  expect_error(post("x", {}, "/devices/d/modules/nobody"), 404, "ModuleNotFound");
  EXPECT_EQ(post(std::string(64 * 1024, 'x')).status, 204);
  expect_error(post(std::string(64 * 1024 + 1, 'x')), 413, "MessageTooLarge");
  for (const auto* expiry : {"2020-01-01T00:00:00Z", "tomorrow", ""}) {
    expect_error(post("x", {{"iothub-expiry", expiry}}), 400, "InvalidMessageExpiryTime");
  }
  expect_error(post("x", {{"iothub-ack", "maybe"}}), 400, "ArgumentInvalid");
  for (int i = 1; i < 50; ++i) ASSERT_EQ(post("x").status, 204);
  expect_error(post("x"), 403, "DeviceMaximumQueueDepthExceeded");
}

TEST_F(HttpC2dTest, APropertyCannotBeginAHeaderOfItsOwn) {
  EXPECT_EQ(post("x", {{"iothub-app-a", "v\r\nx-evil: 1"}}).status, 400);
  EXPECT_EQ(receive().status, 204);
}

TEST_F(HttpC2dTest, AModuleReceivesItsOwn) {
  EXPECT_EQ(post("for m", {}, "/devices/d/modules/m").status, 204);
  EXPECT_EQ(receive().status, 204);
  const IdentityKey m{"d", "m"};
  const Response r = as_device("GET", "/devices/d/modules/m/messages/devicebound", {}, m);
  EXPECT_EQ(r.body, "for m");
  const std::string lock = r.header("ETag").substr(1, 36);
  EXPECT_EQ(as_device("POST", "/devices/d/modules/m/messages/devicebound/" + lock + "/abandon", {}, m).status, 204);
  const Response again = as_device("GET", "/devices/d/modules/m/messages/devicebound", {}, m);
  const std::string second = again.header("ETag").substr(1, 36);
  EXPECT_EQ(as_device("DELETE", "/devices/d/modules/m/messages/devicebound/" + second, {}, m).status, 204);
}

// C#'s PurgeMessageQueueResult needs both counts and ids, moduleId null for a device (service-rest.md §16).
TEST_F(HttpC2dTest, CSharpReadsTheResultOfAPurge) {
  for (int i = 0; i < 3; ++i) (void)post("x", {{"iothub-messageid", "p"}, {"iothub-ack", "negative"}});
  (void)post("x", {}, "/devices/d/modules/m");
  const auto purge = [&](const std::string& path) { return send("DELETE", path + "/commands?api-version=2021-04-12"); };
  EXPECT_EQ(purge("/devices/d").body, R"({"totalMessagesPurged":3,"deviceId":"d","moduleId":null})");
  EXPECT_EQ(purge("/devices/d").body, R"({"totalMessagesPurged":0,"deviceId":"d","moduleId":null})");
  EXPECT_EQ(purge("/devices/d/modules/m").body, R"({"totalMessagesPurged":1,"deviceId":"d","moduleId":"m"})");
  expect_error(purge("/devices/nobody"), 404, "DeviceNotFound");
  EXPECT_EQ(feedback(), "p:Purged p:Purged p:Purged");
}

TEST_F(HttpC2dTest, TheCountIsShownInIdentityListAndTwin) {
  (void)post("x");
  (void)post("x");
  (void)receive();
  (void)post("x", {}, "/devices/d/modules/m");
  for (const auto& [path, count] : {std::pair{"/devices/d", 2},
                                    {"/devices/d/modules/m", 1},
                                    {"/twins/d", 2},
                                    {"/twins/d/modules/m", 1},
                                    {"/devices", 2}}) {
    const std::string body = send("GET", std::string(path) + "?api-version=2021-04-12").body;
    EXPECT_NE(body.find("\"cloudToDeviceMessageCount\":" + std::to_string(count)), std::string::npos) << body;
  }
}

TEST_F(HttpC2dTest, FeedbackIsReceivedAndSettled) {
  const std::string path = "/messages/serviceBound/feedback";
  const auto call = [&](const std::string& method, const std::string& at) {
    return send(method, path + at + "?api-version=2021-04-12");
  };
  EXPECT_EQ(call("GET", "").status, 204);
  EXPECT_EQ(remove(locked("x", {{"iothub-messageid", "f"}, {"iothub-ack", "positive"}})).status, 204);
  const Response batch = call("GET", "");
  EXPECT_EQ(batch.status, 200);
  EXPECT_EQ(batch.header("Content-Type"), "application/vnd.microsoft.iothub.feedback.json");
  EXPECT_EQ(batch.header("iothub-userid"), "hub1");
  EXPECT_EQ(batch.header("iothub-enqueuedtime"), format_iso8601_fixed(shard.clock.utc()));
  EXPECT_EQ(call("GET", "").status, 204) << "locked";
  const std::string lock = batch.header("ETag").substr(1, 36);
  EXPECT_EQ(call("POST", "/" + lock + "/abandon").status, 204);
  const std::string second = call("GET", "").header("ETag").substr(1, 36);
  expect_error(call("DELETE", "/" + lock), 412, "DeviceMessageLockLost");
  EXPECT_EQ(call("DELETE", "/" + second).status, 204);
  expect_error(call("DELETE", "/" + second), 412, "DeviceMessageLockLost");
  expect_error(call("DELETE", "/x"), 412, "DeviceMessageLockLost");
}

TEST_F(HttpC2dTest, ReceivingIsASignOfLife) {
  (void)receive();
  EXPECT_EQ(store.find({"d", ""})->last_activity, shard.clock.utc());
}

}  // namespace
}  // namespace nave::test
