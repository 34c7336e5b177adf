#include "hub/errors.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
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

TEST(Errors, RowsAreSortedByCode) {
  for (size_t i = 1; i < rows().size(); ++i) EXPECT_LE(rows()[i - 1].code, rows()[i].code) << rows()[i].name;
}

// Every row has the number that the catalogue gives to its name.
TEST(Errors, CodesOfTheCatalogue) {
  std::map<std::string, int> catalogue = {
      {"DeviceAuthenticationTypeIsMissing", 400004},  // no number of its own is known
      {"InvalidResponseWhileProxying", 502000},       // nor here: GenericBadGateway's
  };
  std::ifstream in(NAVE_SOURCE_DIR "/test/golden/errors/catalogue.txt");
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with('#')) catalogue.emplace(line.substr(7), std::stoi(line));
  }
  EXPECT_GT(catalogue.size(), 100U);
  for (const ErrorRow& r : rows()) {
    const auto known = catalogue.find(std::string(r.name));
    ASSERT_NE(known, catalogue.end()) << r.name;
    EXPECT_EQ(r.code, known->second) << r.name;
  }
  EXPECT_EQ(Error(ErrorCode::kServerError).message, "InternalServerError");
}

}  // namespace
}  // namespace nave::hub
