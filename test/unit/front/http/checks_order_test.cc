// What is checked in which order, over every kind of route (reference/service-rest.md §4), and what a missing or odd
// api-version is answered with (§1, §24).
#include "unit/front/http/api_fixture.h"

namespace nave::test {
namespace {

class ChecksOrderTest : public ApiFixture {
 public:
  ChecksOrderTest() {
    (void)send("PUT", "/devices/d1?api-version=2021-04-12", "{}");
    (void)send("PUT", "/devices/d1/modules/m1?api-version=2021-04-12", "{}");
  }
  std::string error(const std::string& method, const std::string& target, const std::string& body,
                    std::vector<std::pair<std::string, std::string>> headers = {}) {
    const Response r = send(method, target, body, std::move(headers));
    return std::to_string(r.status) + " " + r.header("iothub-errorcode");
  }
};

constexpr const char* kVersion = "?api-version=2021-04-12";

struct Write {
  const char* method;
  const char* existing;   // of something that is there
  const char* missing;    // of something that is not
  const char* bad_id;     // of something that cannot be
  const char* bad_value;  // a body that means nothing good
  const char* not_found;
};

const std::vector<Write>& writes() {
  static const std::vector<Write> all = {
      {"PUT", "/devices/d1", "/devices/d2", "/devices/a%20b",
       R"({"authentication":{"symmetricKey":{"primaryKey":"x"}}})", "404 DeviceNotFound"},
      {"PUT", "/devices/d1/modules/m1", "/devices/d1/modules/m2", "/devices/d1/modules/a%20b",
       R"({"authentication":{"symmetricKey":{"primaryKey":"x"}}})", "404 ModuleNotFound"},
      {"PATCH", "/twins/d1", "/twins/d2", "/twins/a%20b", R"({"tags":{"a b":1}})", "404 DeviceNotFound"},
      {"PUT", "/twins/d1/modules/m1", "/twins/d1/modules/m2", "/twins/d1/modules/a%20b", R"({"tags":{"a b":1}})",
       "404 DeviceNotFound"},
      {"PATCH", "/digitaltwins/d1", "/digitaltwins/d2", "/digitaltwins/a%20b",
       R"([{"op":"add","path":"/a","value":"\u0001"},{"op":"add","path":"/a/b","value":1}])", "404 DeviceNotFound"},
  };
  return all;
}

TEST_F(ChecksOrderTest, RouteThenCallerThenVersionThenJson) {
  const std::vector<std::pair<std::string, std::string>> nobody{{"Authorization", ""}};
  for (const Write& w : writes()) {
    const std::string path = w.existing;
    EXPECT_EQ(error(w.method, path + "/no/such/path", "{", nobody), "404 GenericNotFound") << path;
    EXPECT_EQ(error("TRACE", path, "{", nobody), "405 GenericMethodNotAllowed") << path;
    EXPECT_EQ(error(w.method, path, "{", nobody), "401 IotHubUnauthorizedAccess") << path;
    EXPECT_EQ(error(w.method, w.missing, "{", nobody), "401 IotHubUnauthorizedAccess") << path;
    EXPECT_EQ(error(w.method, path, "{"), "400 InvalidProtocolVersion") << path;
    EXPECT_EQ(error(w.method, path + kVersion, "{"), "400 IotHubFormatError") << path;
    EXPECT_EQ(error(w.method, std::string(w.missing) + kVersion, "{"), "400 IotHubFormatError") << path;
  }
}

TEST_F(ChecksOrderTest, ThenExistenceThenPreconditionThenMeaning) {
  const std::vector<std::pair<std::string, std::string>> stale{{"If-Match", "\"AAAAAAAAAAk=\""}};
  for (const Write& w : writes()) {
    EXPECT_EQ(error(w.method, std::string(w.missing) + kVersion, w.bad_value, stale), w.not_found) << w.existing;
    EXPECT_EQ(error(w.method, std::string(w.existing) + kVersion, w.bad_value, stale), "412 PreconditionFailed")
        << w.existing;
    EXPECT_EQ(error(w.method, std::string(w.existing) + kVersion, w.bad_value, {{"If-Match", "*"}}).substr(0, 3), "400")
        << w.existing;
  }
}

TEST_F(ChecksOrderTest, IdsThatCannotBe) {
  for (const Write& w : writes()) {
    const std::string answer =
        error(w.method, std::string(w.bad_id) + kVersion, w.method == std::string("PUT") ? "{}" : "[]");
    EXPECT_TRUE(answer.starts_with("40")) << w.bad_id << ": " << answer;
  }
}

TEST_F(ChecksOrderTest, AnyWellFormedVersionIsTaken) {
  for (const char* version : {"2016-11-14", "2018-06-30", "2020-05-31-preview", "2020-09-30", "2021-04-12",
                              "2024-03-31", "2026-11-01-preview", "1", "v2"}) {
    EXPECT_EQ(send("GET", "/devices/d1?api-version=" + std::string(version)).status, 200) << version;
    EXPECT_EQ(send("GET", "/devices/d1?API-Version=" + std::string(version)).status, 200) << version;
  }
  EXPECT_EQ(send("GET", "/devices/d1/?api-version=1").status, 200);
  EXPECT_EQ(send("GET", "/devices/?top=1&api-version=1").status, 200);
  for (const char* odd : {"", "?api-version", "?api-version=", "?version=2021-04-12", "?api-version=2021%2004",
                          "?api-version=%00", "?api-version=2021;04", "?xapi-version=1"}) {
    EXPECT_EQ(error("GET", "/devices/d1" + std::string(odd), ""), "400 InvalidProtocolVersion") << odd;
  }
  EXPECT_EQ(send("GET", "/devices/d1?api-version=" + std::string(64, '1')).status, 200);
  EXPECT_EQ(send("GET", "/devices/d1?api-version=" + std::string(65, '1')).status, 400);
}

TEST_F(ChecksOrderTest, TheMethodOverrideComesBeforeTheRoute) {
  const std::vector<std::pair<std::string, std::string>> patch{{"X-HTTP-Method-Override", "PATCH"}};
  EXPECT_EQ(send("POST", "/twins/d1?api-version=1", "{}", patch).status, 200);
  EXPECT_EQ(send("POST", "/digitaltwins/d1?api-version=1", "[]", patch).status, 202);
  EXPECT_EQ(send("POST", "/twins%2Fd1?api-version=1", "{}", patch).status, 200);
  EXPECT_EQ(error("POST", "/twins/d1?api-version=1", "{}"), "405 GenericMethodNotAllowed");
  EXPECT_EQ(error("POST", "/devices/d1?api-version=1", "{}", patch), "405 GenericMethodNotAllowed");
  EXPECT_EQ(error("PUT", "/devices/d9?api-version=1", "{}", patch), "200 ") << "only a POST can be something else";
}

// Twins and digital twins; identities have a table of their own (if_match_test.cc).
TEST_F(ChecksOrderTest, PreconditionsOfTwins) {
  struct Row {
    const char* if_match;
    int twin;
    int digital_twin;
  };
  for (const Row& row : {Row{"", 200, 202}, Row{"*", 200, 202}, Row{"\"*\"", 200, 202}, Row{"\"CURRENT\"", 200, 202},
                         Row{"W/\"CURRENT\"", 200, 202}, Row{"CURRENT", 200, 202}, Row{"\"AAAAAAAAAAA=\"", 412, 412},
                         Row{"\"nonsense\"", 412, 412}, Row{"nonsense", 200, 412}, Row{"AAAAAAAAAAA=", 200, 412}}) {
    for (const auto& [method, path, body, expected] :
         {std::tuple{"PATCH", "/twins/d1", "{}", row.twin}, std::tuple{"PUT", "/twins/d1", "{}", row.twin},
          std::tuple{"PATCH", "/twins/d1/modules/m1", "{}", row.twin},
          std::tuple{"PUT", "/twins/d1/modules/m1", "{}", row.twin},
          std::tuple{"PATCH", "/digitaltwins/d1", "[]", row.digital_twin}}) {
      const std::string target = path + std::string(kVersion);
      std::string tag = row.if_match;
      if (const size_t at = tag.find("CURRENT"); at != std::string::npos) {
        const std::string current = send("GET", target).header("ETag");
        tag.replace(at, 7, current.substr(1, current.size() - 2));
      }
      const Response r = send(method, target, body, {{"If-Match", tag}});
      EXPECT_EQ(r.status, expected) << method << " " << path << " " << row.if_match;
      EXPECT_EQ(r.header("iothub-errorcode"), expected == 412 ? "PreconditionFailed" : "");
      if (expected == 200) {
        EXPECT_EQ(r.header("ETag"), "\"" + r.text("etag") + "\"");
      }
    }
  }
}

}  // namespace
}  // namespace nave::test
