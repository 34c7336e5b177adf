#include "hub/errors.h"

#include <gtest/gtest.h>

#include <set>

namespace nave::hub {
namespace {

const std::vector<ErrorRow>& rows() {
  static const std::vector<ErrorRow> all = {
#define NAVE_ERROR(name, code, http, amqp, mqtt, text) row(ErrorCode::k##name),
#include "hub/errors.def"
#undef NAVE_ERROR
  };
  return all;
}

TEST(Errors, NamesAreUnique) {
  std::set<std::string_view> names;
  for (const ErrorRow& r : rows()) EXPECT_TRUE(names.insert(r.name).second) << r.name;
}

TEST(Errors, StatusIsTheFamilyOfTheCode) {
  for (const ErrorRow& r : rows()) {
    EXPECT_GE(r.http_status, 400) << r.name;
    EXPECT_LT(r.http_status, 600) << r.name;
    if (r.name == "IotHubNotFound") continue;  // 401001, but answered with 404 (reference/service-rest.md §3.5)
    if (r.name == "InvalidMessageExpiryTime") continue;  // 403009, but answered with 400 (§16)
    EXPECT_EQ(r.code / 1000, r.http_status) << r.name;
  }
}

TEST(Errors, TextsSurviveEveryParser) {
  for (const ErrorRow& r : rows()) {
    EXPECT_FALSE(r.text.empty()) << r.name;
    EXPECT_EQ(r.text.find(';'), std::string_view::npos) << r.name;  // Node splits on it
    EXPECT_EQ(r.text.find('"'), std::string_view::npos) << r.name;
    EXPECT_NE(r.amqp_condition.find(':'), std::string_view::npos) << r.name;
  }
}

TEST(Errors, CodesOfTheCatalogue) {
  // reference/service-rest.md §18
  EXPECT_EQ(row(ErrorCode::kDeviceNotFound).code, 404001);
  EXPECT_EQ(row(ErrorCode::kModuleNotFound).code, 404010);
  EXPECT_EQ(row(ErrorCode::kIotHubUnauthorizedAccess).code, 401002);
  EXPECT_EQ(row(ErrorCode::kTooManyModulesOnDevice).code, 413003);
  EXPECT_EQ(row(ErrorCode::kInvalidDeviceScope).code, 400028);
  EXPECT_EQ(row(ErrorCode::kThrottlingException).http_status, 429);
  EXPECT_EQ(Error(ErrorCode::kServerError).message, "InternalServerError");
}

}  // namespace
}  // namespace nave::hub
