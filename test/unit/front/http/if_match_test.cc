// The precondition table of reference/service-rest.md §5, for devices and for modules.
#include "unit/front/http/api_fixture.h"

namespace nave::test {
namespace {

constexpr const char* kQuery = "?api-version=2021-04-12";

struct Expectation {
  const char* if_match;  // nullptr: no header; CURRENT and STALE stand for etags
  int existing;
  int missing;
};

std::string spelled(std::string text, const std::string& current, const std::string& stale) {
  for (const auto& [word, value] : {std::pair<std::string, std::string>{"CURRENT", current}, {"STALE", stale}}) {
    if (const size_t at = text.find(word); at != std::string::npos) text.replace(at, word.size(), value);
  }
  return text;
}

class IfMatchTest : public ApiFixture, public testing::WithParamInterface<const char*> {
 protected:
  // A fresh identity at the path of the parameter; returns {current, stale} etags.
  std::pair<std::string, std::string> create() {
    (void)send("PUT", "/devices/parent" + std::string(kQuery), "{}");
    const std::string path = GetParam() + std::string(kQuery);
    (void)send("DELETE", path, "", {{"If-Match", "*"}});
    const std::string first = send("PUT", path, "{}").text("etag");
    return {send("PUT", path, "{}", {{"If-Match", "*"}}).text("etag"), first};
  }
  int status(const std::string& method, const std::string& path, const char* if_match,
             const std::pair<std::string, std::string>& etags) {
    std::vector<std::pair<std::string, std::string>> headers;
    if (if_match != nullptr) headers.emplace_back("If-Match", spelled(if_match, etags.first, etags.second));
    return send(method, path + kQuery, method == "PUT" ? "{}" : "", headers).status;
  }
  void check(const std::string& method, const std::vector<Expectation>& table) {
    for (const Expectation& e : table) {
      const auto etags = create();
      const std::string shown = method + " " + (e.if_match == nullptr ? "(none)" : e.if_match);
      const std::string path = GetParam();
      EXPECT_EQ(status(method, path, e.if_match, etags), e.existing) << shown;
      EXPECT_EQ(status(method, path + "-missing", e.if_match, etags), e.missing) << shown;
      (void)send("DELETE", path + "-missing" + kQuery, "", {{"If-Match", "*"}});
    }
  }
};

TEST_P(IfMatchTest, Put) {
  check("PUT", {{nullptr, 409, 200},
                {"", 409, 200},
                {"*", 200, 404},
                {"\"*\"", 200, 404},
                {"\"CURRENT\"", 200, 404},
                {"CURRENT", 200, 404},
                {"W/\"CURRENT\"", 200, 404},
                {"\"STALE\"", 412, 404},
                {"STALE", 412, 404},
                {"\"nonsense\"", 412, 404},
                {"\"\"", 412, 404}});
}

TEST_P(IfMatchTest, Delete) {
  check("DELETE", {{nullptr, 412, 404},
                   {"*", 204, 404},
                   {"\"*\"", 204, 404},
                   {"\"CURRENT\"", 204, 404},
                   {"CURRENT", 204, 404},
                   {"\"STALE\"", 412, 404},
                   {"nonsense", 412, 404}});
}

TEST_P(IfMatchTest, IfNoneMatchAndTheBodysEtagHaveNoEffect) {
  const auto [current, stale] = create();
  const std::string path = GetParam() + std::string(kQuery);
  EXPECT_EQ(send("GET", path, "", {{"If-None-Match", "\"" + current + "\""}}).status, 200);
  EXPECT_EQ(send("PUT", path, "{\"etag\":\"" + current + "\"}").status, 409);
  EXPECT_EQ(send("PUT", path, "{\"etag\":\"" + stale + "\"}", {{"If-Match", "*"}}).status, 200);
}

TEST_P(IfMatchTest, TheHeaderAgreesWithTheBody) {
  (void)create();
  for (const Response& r : {send("GET", GetParam() + std::string(kQuery)),
                            send("PUT", GetParam() + std::string(kQuery), "{}", {{"If-Match", "*"}})}) {
    EXPECT_EQ(r.header("ETag"), "\"" + r.text("etag") + "\"");
  }
}

INSTANTIATE_TEST_SUITE_P(Identities, IfMatchTest, testing::Values("/devices/d1", "/devices/parent/modules/m1"),
                         [](const auto& param) { return param.index == 0 ? "Device" : "Module"; });

}  // namespace
}  // namespace nave::test
