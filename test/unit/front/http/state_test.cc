// Pages of a hub's state over HTTP.
#include "unit/front/http/api_fixture.h"

namespace nave::test {
namespace {

class StateRoutesTest : public ApiFixture {
 protected:
  Response page(const std::string& from) {
    return send("GET", "/nave/state?api-version=1" + (from.empty() ? "" : "&from=" + from));
  }
};

TEST_F(StateRoutesTest, PagesFollowOneAnotherWhateverTheIdsAre) {
  for (const char* id : {"a%2541", "aA", "b%23%24"})
    (void)send("PUT", "/devices/" + std::string(id) + "?api-version=1", "{}");
  std::string all;
  std::string from;
  int pages = 0;
  do {
    const Response r = page(from);
    ASSERT_EQ(r.status, 200);
    EXPECT_EQ(r.header("Content-Type"), "application/x-ndjson; charset=utf-8");
    all += r.body;
    from = r.header("x-nave-continuation");
  } while (!from.empty() && ++pages < 10);
  for (const char* id : {R"("deviceId":"a%41")", R"("deviceId":"aA")", R"("deviceId":"b#$")"}) {
    const size_t at = all.find(id);
    ASSERT_NE(at, std::string::npos) << id;
    EXPECT_EQ(all.find(id, at + 1), std::string::npos) << id << " is there twice";
  }
  const Response again = send("POST", "/nave/state?api-version=1", all);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, R"({"created":0,"replaced":3,"policies":0,"configurations":0,"problems":[]})");
}

TEST_F(StateRoutesTest, WhatIsNoContinuationIsRefused) {
  EXPECT_EQ(page("nowhere").header("iothub-errorcode"), "ArgumentInvalid");
}

TEST_F(StateRoutesTest, ALineThatIsWrongIsNamed) {
  const Response r = send("POST", "/nave/state?api-version=1", "{\"kind\":\"hub\",\"format\":1}\nnonsense\n");
  EXPECT_EQ(r.status, 200);
  EXPECT_NE(r.body.find(R"("problems":[{"line":2,"errorStatus":)"), std::string::npos);
}

}  // namespace
}  // namespace nave::test
