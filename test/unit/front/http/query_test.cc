// POST /devices/query (reference/service-rest.md §13): headers, pages, tokens, errors.
#include <gtest/gtest.h>

#include <algorithm>

#include "hub/query/limits.h"
#include "json/write.h"
#include "unit/front/http/api_fixture.h"

namespace nave::test {
namespace {

constexpr const char* kPath = "/devices/query?api-version=2021-04-12";

class HttpQuery : public ApiFixture {
 protected:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  static std::string body_of(const std::string& query) {
    json::Object body;
    body.append("query", query);
    return json::to_text(std::move(body));
  }
  Response ask(const std::string& query, Headers headers = {}) {
    return send("POST", kPath, body_of(query), std::move(headers));
  }
  void make_devices(const std::vector<std::string>& ids) {
    for (const std::string& id : ids) {
      ASSERT_EQ(send("PUT", "/devices/" + id + "?api-version=2021-04-12", R"({"deviceId":")" + id + "\"}").status, 200);
    }
  }
  void set_tags(const std::string& id, const std::string& tags) {
    ASSERT_EQ(send("PATCH", "/twins/" + id + "?api-version=2021-04-12", R"({"tags":)" + tags + "}").status, 200);
  }
  // All pages, with "|" between them.
  std::string pages(const std::string& query, const std::string& page_rows) {
    std::string out;
    Headers headers = {{"x-ms-max-item-count", page_rows}};
    for (int i = 0; i < 100; ++i) {
      const Response page = ask(query, headers);
      EXPECT_EQ(page.status, 200) << page.body;
      out += page.body;
      if (page.header("x-ms-continuation").empty()) return out;
      headers = {{"x-ms-max-item-count", page_rows}, {"x-ms-continuation", page.header("x-ms-continuation")}};
      out += "|";
    }
    return "endless";
  }
  std::string refusal(const Response& r) { return std::to_string(r.status) + " " + r.text("Message"); }
};

TEST_F(HttpQuery, AStarGivesTheTwinsThatGetGives) {
  make_devices({"b", "a"});
  set_tags("a", R"({"x":1.0})");
  const Response answer = ask("SELECT * FROM devices");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("x-ms-item-type"), "Twin");
  EXPECT_EQ(answer.header("x-ms-continuation"), "");
  EXPECT_EQ(answer.body, "[" + send("GET", "/twins/a?api-version=2021-04-12").body + "," +
                             send("GET", "/twins/b?api-version=2021-04-12").body + "]");
}

TEST_F(HttpQuery, ProjectionsAndAggregatesAreRaw) {
  make_devices({"a", "b", "c"});
  set_tags("b", R"({"site":"x"})");
  const Response rows = ask("SELECT DeviceId, tags.site, tags, modelId FROM devices WHERE deviceId != 'c'");
  EXPECT_EQ(rows.header("x-ms-item-type"), "Raw");
  EXPECT_EQ(rows.body, R"([{"deviceId":"a"},{"deviceId":"b","site":"x","tags":{"site":"x"}}])");
  const Response count = ask("select count() from devices");
  EXPECT_EQ(count.header("x-ms-item-type"), "Raw");
  EXPECT_EQ(count.body, R"([{"$1":3}])");
}

TEST_F(HttpQuery, Modules) {
  make_devices({"a", "b"});
  ASSERT_EQ(send("PUT", "/devices/b/modules/m?api-version=2021-04-12", R"({"deviceId":"b","moduleId":"m"})").status,
            200);
  const Response all = ask("SELECT * FROM devices.modules");
  EXPECT_EQ(all.header("x-ms-item-type"), "Twin");
  EXPECT_EQ(all.body, "[" + send("GET", "/twins/b/modules/m?api-version=2021-04-12").body + "]");
}

TEST_F(HttpQuery, EveryPartOfATwinCanBeAskedFor) {
  make_devices({"a"});
  ASSERT_EQ(
      send("PATCH", "/twins/a?api-version=2021-04-12", R"({"tags":{"t":[1,2]},"properties":{"desired":{"d":{"e":5}}}})")
          .status,
      200);
  for (const char* condition : {
           "tags.t[1] = 2 AND ARRAY_CONTAINS(tags.t, 1)",
           "properties.desired.d.e = 5",
           "properties.desired.$version = 2 AND properties.reported.$version = 1",
           "IS_STRING(properties.desired.$metadata.d.$lastUpdated)",
           "IS_OBJECT(properties) AND IS_OBJECT(properties.desired) AND IS_OBJECT(properties.reported)",
           "NOT IS_DEFINED(modelId) AND NOT IS_DEFINED(properties.reported.d)",
           "status = 'enabled' AND connectionState = 'Disconnected' AND authenticationType = 'sas'",
           "capabilities.iotEdge = false AND cloudToDeviceMessageCount = 0 AND version = 3",
           "x509Thumbprint.primaryThumbprint = null AND lastActivityTime < '2026-01-01T00:00:00Z'",
       }) {
    EXPECT_EQ(ask(std::string("SELECT COUNT() AS n FROM devices WHERE ") + condition).body, R"([{"n":1}])")
        << condition;
  }
  const std::string twin = send("GET", "/twins/a?api-version=2021-04-12").body;
  const std::string properties = ask("SELECT properties FROM devices").body;
  EXPECT_NE(twin.find(properties.substr(2, properties.size() - 4)), std::string::npos) << properties;
}

TEST_F(HttpQuery, PagesOfAnySizeHoldEveryRowOnce) {
  make_devices({"a", "b", "c", "d", "e"});
  const std::string query = "SELECT deviceId AS i FROM devices WHERE deviceId != 'c'";
  EXPECT_EQ(pages(query, "1"), R"([{"i":"a"}]|[{"i":"b"}]|[{"i":"d"}]|[{"i":"e"}])");
  EXPECT_EQ(pages(query, "2"), R"([{"i":"a"},{"i":"b"}]|[{"i":"d"},{"i":"e"}])") << "no empty page at the end";
  EXPECT_EQ(pages(query, "3"), R"([{"i":"a"},{"i":"b"},{"i":"d"}]|[{"i":"e"}])");
  EXPECT_EQ(pages("SELECT TOP 3 deviceId AS i FROM devices", "2"), R"([{"i":"a"},{"i":"b"}]|[{"i":"c"}])");
  EXPECT_EQ(pages("SELECT TOP 0 * FROM devices", "2"), "[]");
}

TEST_F(HttpQuery, GroupsComeInPagesToo) {
  make_devices({"a", "b", "c"});
  const std::string query = "SELECT deviceId AS i, COUNT() AS n FROM devices GROUP BY deviceId";
  EXPECT_EQ(pages(query, "2"), R"([{"i":"a","n":1},{"i":"b","n":1}]|[{"i":"c","n":1}])");
  EXPECT_EQ(pages("SELECT TOP 2 deviceId AS i FROM devices GROUP BY deviceId", "1"), R"([{"i":"a"}]|[{"i":"b"}])");
}

TEST_F(HttpQuery, MoreThanOneTurn) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < hub::kQueryTurnRows + 10; ++i) ids.push_back("d" + std::to_string(i));
  make_devices(ids);
  const std::string count = "[{\"n\":" + std::to_string(ids.size()) + "}]";
  EXPECT_EQ(ask("SELECT COUNT() AS n FROM devices").body, count);
  const Response all = ask("SELECT * FROM devices", {{"x-ms-max-item-count", "1000"}});
  EXPECT_EQ(all.json().if_array()->size(), 1000U);
  const std::string last =
      "SELECT deviceId FROM devices WHERE deviceId = '" + *std::max_element(ids.begin(), ids.end());
  EXPECT_EQ(ask(last + "'").json().if_array()->size(), 1U);
}

TEST_F(HttpQuery, PageSizesThatAreNone) {
  make_devices({"a", "b"});
  for (const char* size : {"0", "-1", "x", "", "1x", "1000000", "99999999999999999999999"}) {
    const Response answer = ask("SELECT * FROM devices", {{"x-ms-max-item-count", size}});
    EXPECT_EQ(answer.json().if_array()->size(), 2U) << size;
  }
  std::vector<std::string> ids;
  for (size_t i = 0; i < hub::kQueryPageRowsDefault + 1; ++i) ids.push_back("d" + std::to_string(i));
  make_devices(ids);
  EXPECT_EQ(ask("SELECT * FROM devices").json().if_array()->size(), hub::kQueryPageRowsDefault);
}

// C# keeps tokens and begins with them in another process.
TEST_F(HttpQuery, TokensBelongToTheirQuery) {
  make_devices({"a", "b", "c"});
  const std::string query = "SELECT deviceId FROM devices";
  const std::string token = ask(query, {{"x-ms-max-item-count", "1"}}).header("x-ms-continuation");
  ASSERT_NE(token, "");
  EXPECT_EQ(ask(query, {{"x-ms-continuation", token}}).body, R"([{"deviceId":"b"},{"deviceId":"c"}])");
  const std::string expected =
      "400 ErrorCode:ArgumentInvalid;BadRequest: The continuation token is not one of this query";
  EXPECT_EQ(refusal(ask(query + " ", {{"x-ms-continuation", token}})), expected);
  EXPECT_EQ(refusal(ask(query, {{"x-ms-continuation", "nonsense"}})), expected);
  EXPECT_EQ(refusal(ask(query, {{"x-ms-continuation", std::string(5000, 'A')}})), expected);
}

TEST_F(HttpQuery, ADeviceThatGoesBetweenPagesDoesNotDisturb) {
  make_devices({"a", "b", "c"});
  const std::string query = "SELECT deviceId FROM devices";
  const std::string token = ask(query, {{"x-ms-max-item-count", "1"}}).header("x-ms-continuation");
  ASSERT_EQ(send("DELETE", "/devices/a?api-version=2021-04-12", "", {{"If-Match", "*"}}).status, 204);
  EXPECT_EQ(ask(query, {{"x-ms-continuation", token}}).body, R"([{"deviceId":"b"},{"deviceId":"c"}])");
}

TEST_F(HttpQuery, SeesEveryWriteThatWasAnswered) {
  make_devices({"a"});
  for (int i = 0; i < 20; ++i) {
    set_tags("a", R"({"i":)" + std::to_string(i) + "}");
    EXPECT_EQ(ask("SELECT tags.i FROM devices").body, "[{\"i\":" + std::to_string(i) + "}]");
  }
}

TEST_F(HttpQuery, JobsAreAnEmptySet) {
  const Response answer = ask("SELECT * FROM devices.jobs");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("x-ms-item-type"), "DeviceJob");
  EXPECT_EQ(answer.body, "[]");
}

TEST_F(HttpQuery, BadQueries) {
  EXPECT_EQ(refusal(ask("SELECT * FROM devices WHERE STARTS_WITH(deviceId, 'a')")),
            "400 ErrorCode:ArgumentInvalid;BadRequest: Line 1:28 Invalid function 'STARTS_WITH'");
  // Node cuts the message at the first semicolon behind the code.
  EXPECT_EQ(refusal(ask("SELECT * FROM devices;")),
            "400 ErrorCode:ArgumentInvalid;BadRequest: Line 1:21 Unexpected character at input ','");
  EXPECT_EQ(ask("SELECT * FROM c").header("iothub-errorcode"), "ArgumentInvalid");
  EXPECT_EQ(refusal(send("POST", kPath, "{}")), "400 ErrorCode:ArgumentNull;query is missing");
  EXPECT_EQ(refusal(send("POST", kPath, R"({"query":null})")), "400 ErrorCode:ArgumentNull;query is missing");
  EXPECT_EQ(refusal(send("POST", kPath, R"({"query":1})")), "400 ErrorCode:ArgumentInvalid;query must be a string");
  EXPECT_EQ(ask("SELECT * FROM devices" + std::string(8192, ' ')).status, 400);
}

TEST_F(HttpQuery, NeedsTheRightToConnectServices) {
  for (const auto& [policy, status] :
       {std::pair("service", 200), std::pair("registryRead", 401), std::pair("device", 401)}) {
    EXPECT_EQ(ask("SELECT * FROM devices", {{"Authorization", token(policy)}}).status, status) << policy;
  }
}

// A worker that does not come round; nobody waits for ever, and not everybody at once.
TEST_F(HttpQuery, TooManyAndTooLong) {
  QueueExecutor worker;
  hub::QueryService slow(store, registry, worker, shard.clock, metrics);
  make_devices({"a"});
  std::vector<std::string> answers;
  const auto ask_slow = [&](const std::string& query) {
    slow.run({query, 0, ""}, shard.executor, [&](hub::HubResult<hub::QueryPage> page) {
      answers.push_back(page ? page->body : std::string(row(page.error().code).name));
    });
    shard.run_until_idle();
  };
  for (size_t i = 0; i < hub::kQueriesMax; ++i) ask_slow("SELECT COUNT() AS n FROM devices");
  EXPECT_TRUE(answers.empty());
  ask_slow("SELECT COUNT() AS n FROM devices");
  EXPECT_EQ(answers, std::vector<std::string>{"ThrottlingException"});
  shard.advance(hub::kQueryMsMax);
  while (worker.run_one()) {
  }
  shard.run_until_idle();
  ASSERT_EQ(answers.size(), hub::kQueriesMax + 1);
  EXPECT_EQ(answers.back(), "GatewayTimeout");
  ask_slow("SELECT COUNT() AS n FROM devices");
  while (worker.run_one()) {
  }
  shard.run_until_idle();
  EXPECT_EQ(answers.back(), R"([{"n":1}])");
}

// As when the process ends: what was asked is answered.
TEST_F(HttpQuery, ADroppedQueryIsAnswered) {
  std::string answer;
  {
    auto worker = std::make_unique<QueueExecutor>();
    hub::QueryService service(store, registry, *worker, shard.clock, metrics);
    service.run({"SELECT * FROM devices", 0, ""}, shard.executor, [&](hub::HubResult<hub::QueryPage> page) {
      if (!page) answer = row(page.error().code).name;
    });
    worker.reset();
  }
  shard.run_until_idle();
  EXPECT_EQ(answer, "ServiceUnavailable");
}

}  // namespace
}  // namespace nave::test
