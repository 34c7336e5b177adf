// What the golden conversations on bulk requests do not show: counts at their limits and big bodies.
#include "base/limits.h"
#include "unit/front/http/api_fixture.h"

namespace nave::test {
namespace {

class BulkRoutesTest : public ApiFixture {
 protected:
  Response post(size_t devices) {
    std::string body = "[";
    for (size_t i = 0; i < devices; ++i)
      body += (i == 0 ? "" : ",") + std::string(R"({"id":"d)") + std::to_string(i) + R"("})";
    return send("POST", "/devices?api-version=2021-04-12", body + "]");
  }
};

TEST_F(BulkRoutesTest, AHundredAndNotOneMore) {
  EXPECT_EQ(post(limits::kBulkItemsMax).status, 200);
  EXPECT_EQ(store.counts().devices, limits::kBulkItemsMax);
  const Response over = post(limits::kBulkItemsMax + 1);
  EXPECT_EQ(over.status, 400);
  EXPECT_EQ(over.header("iothub-errorcode"), "ArgumentInvalid");
}

TEST_F(BulkRoutesTest, AHundredRenewalsAndNotOneMore) {
  (void)post(limits::kBulkItemsMax);
  std::string body = R"({"policyKey":"both","devices":[)";
  for (size_t i = 0; i < limits::kBulkItemsMax; ++i)
    body += (i == 0 ? "" : ",") + std::string(R"({"id":"d)") + std::to_string(i) + R"("})";
  EXPECT_EQ(send("POST", "/devices/keys/regenerate?api-version=2024-03-31", body + "]}").status, 200);
  const Response over = send("POST", "/devices/keys/regenerate?api-version=2024-03-31", body + R"(,{"id":"d100"}]})");
  EXPECT_EQ(over.header("iothub-errorcode"), "ArgumentInvalid");
}

// How the SDKs take the answer apart (reference/service-rest.md §8): Node hands it over as it is; C# reads
// isSuccessful, errors[].deviceId|errorCode|errorStatus and, if any, moduleId, and keeps a 400 from throwing by the
// header alone; Java only wants JSON.
TEST_F(BulkRoutesTest, WhatCSharpReads) {
  (void)post(1);
  const Response r = send("POST", "/devices?api-version=2021-04-12", R"([{"id":"d0","importMode":"create"}])");
  EXPECT_EQ(r.status, 400);
  EXPECT_EQ(r.header("iothub-errorcode"), "BulkRegistryOperationFailure");
  EXPECT_EQ(r.header("Content-Type"), "application/json; charset=utf-8");
  const json::Value body = r.json();
  EXPECT_EQ(*body.if_object()->find("isSuccessful")->if_bool(), false);
  const json::Array& errors = *body.if_object()->find("errors")->if_array();
  ASSERT_EQ(errors.size(), 1U);
  for (const char* name : {"deviceId", "errorCode", "errorStatus"}) {
    EXPECT_NE(errors[0].if_object()->find(name)->if_string(), nullptr) << name;
  }
}

}  // namespace
}  // namespace nave::test
