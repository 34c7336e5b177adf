#include "hub/device/bulk_json.h"

#include <gtest/gtest.h>

#include "json/parse.h"
#include "json/write.h"

namespace nave::hub {
namespace {

HubResult<BulkItem> read(std::string_view text, BulkDialect dialect = BulkDialect::kRest) {
  return read_bulk_item(json::parse(text).value(), dialect);
}

TEST(BulkItemJson, EveryModeInAnyCase) {
  for (size_t i = 0; i <= static_cast<size_t>(ImportMode::kUpdateTwinIfMatchEtag); ++i) {
    const auto mode = static_cast<ImportMode>(i);
    std::string name(name_of(mode));
    EXPECT_EQ(read(R"({"id":"d","importMode":")" + name + R"("})")->mode, mode);
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    EXPECT_EQ(read(R"({"id":"d","importMode":")" + name + R"("})")->mode, mode);
  }
  EXPECT_EQ(read(R"({"id":"d"})")->mode, ImportMode::kCreateOrUpdate);
  EXPECT_EQ(read(R"({"id":"d","importMode":null})")->mode, ImportMode::kCreateOrUpdate);
  EXPECT_EQ(read(R"({"id":"d","importMode":"upsert"})").error().code, ErrorCode::kArgumentInvalid);
  EXPECT_EQ(read(R"({"id":"d","importMode":1})").error().code, ErrorCode::kArgumentInvalid);
}

TEST(BulkItemJson, EtagsInBothSpellings) {
  EXPECT_EQ(read(R"({"id":"d","eTag":"a"})")->etag, "a");
  EXPECT_EQ(read(R"({"id":"d","etag":"*"})")->etag, "*");
  EXPECT_EQ(read(R"({"id":"d","eTag":null,"etag":"b"})")->etag, "b");
  EXPECT_EQ(read(R"({"id":"d","twinETag":"c"})")->twin_etag, "c");
  EXPECT_EQ(read(R"({"id":"d"})")->etag, std::nullopt);
  EXPECT_FALSE(read(R"({"id":"d","etag":1})"));
}

TEST(BulkItemJson, SaysWhatIsWrong) {
  EXPECT_EQ(read("{}").error().code, ErrorCode::kArgumentNull);
  EXPECT_EQ(read(R"({"id":""})").error().code, ErrorCode::kArgumentNull);
  EXPECT_EQ(read("[]").error().code, ErrorCode::kArgumentInvalid);
  EXPECT_EQ(read(R"({"id":1})").error().code, ErrorCode::kArgumentInvalid);
  EXPECT_EQ(read(R"({"id":"d","moduleId":1})").error().code, ErrorCode::kArgumentInvalid);
  EXPECT_EQ(read(R"({"id":"d","status":"on"})").error().code, ErrorCode::kArgumentInvalid);
  EXPECT_EQ(read(R"({"id":"d","tags":[]})").error().code, ErrorCode::kArgumentInvalid);
  EXPECT_EQ(read(R"({"id":"d","properties":{"desired":1}})").error().code, ErrorCode::kArgumentInvalid);
}

TEST(BulkItemJson, WhatCSharpSendsForNothingIsNothing) {
  const auto item = read(R"({"id":"d","moduleId":null,"eTag":null,"importMode":"create","status":"enabled",
    "statusReason":null,"authentication":{"symmetricKey":{"primaryKey":null,"secondaryKey":null},
    "x509Thumbprint":{"primaryThumbprint":null,"secondaryThumbprint":null},"type":"sas"},"twinETag":null,"tags":null,
    "properties":{"desired":null,"reported":null},"capabilities":{"iotEdge":false},"deviceScope":null,
    "parentScopes":[]})");
  ASSERT_TRUE(item);
  EXPECT_FALSE(item->twin);
  EXPECT_FALSE(item->key.is_module());
  EXPECT_FALSE(item->etag);
}

TEST(BulkItemJson, ALineOfAnImportMustSayItsStatus) {
  EXPECT_EQ(read(R"({"id":"d"})", BulkDialect::kImport).error().code, ErrorCode::kArgumentNull);
  EXPECT_EQ(read(R"({"id":"d","importMode":"delete"})", BulkDialect::kImport).error().code, ErrorCode::kArgumentNull);
  EXPECT_EQ(read(R"({"id":"d","importMode":"delete","status":"on"})", BulkDialect::kImport).error().code,
            ErrorCode::kArgumentInvalid);
  EXPECT_TRUE(read(R"({"id":"d","importMode":"delete","status":"Enabled"})", BulkDialect::kImport));
}

ScannedTwin device_row() {
  ScannedTwin out;
  out.identity.key = {"d", ""};
  out.identity.generation_id = "637131779299315265";
  out.identity.etag = 580089003;
  out.identity.authentication.primary_key = "cA==";
  out.identity.authentication.secondary_key = "cw==";
  return out;
}

TEST(ExportLine, OfADevice) {
  ScannedTwin row = device_row();
  row.identity.enabled = false;
  row.identity.status_reason = "lost";
  row.identity.iot_edge = true;
  row.identity.device_scope = "ms-azure-iot-edge://d-637131779299315265";
  EXPECT_EQ(
      export_line(row, true),
      R"({"id":"d","eTag":"NTgwMDg5MDAz","status":"disabled","statusReason":"lost","authentication":{"symmetricKey":)"
      R"({"primaryKey":"cA==","secondaryKey":"cw=="},"x509Thumbprint":{"primaryThumbprint":null,)"
      R"("secondaryThumbprint":null},"type":"sas"},"twinETag":"AAAAAAAAAAE=","tags":{},"properties":{"desired":)"
      R"({"$metadata":{"$lastUpdated":"2019-12-29T00:58:49.9315265Z"},"$version":1},"reported":)"
      R"({"$metadata":{"$lastUpdated":"2019-12-29T00:58:49.9315265Z"},"$version":1}},)"
      R"("capabilities":{"iotEdge":true},"deviceScope":"ms-azure-iot-edge://d-637131779299315265","parentScopes":[]})");
}

TEST(ExportLine, WithoutKeysTheyAreNull) {
  const std::string line = export_line(device_row(), false);
  EXPECT_NE(line.find(R"("symmetricKey":{"primaryKey":null,"secondaryKey":null})"), std::string::npos);
  EXPECT_EQ(line.find("cA=="), std::string::npos);
}

TEST(ExportLine, IsAnImportLine) {
  for (const bool module : {false, true}) {
    ScannedTwin row = device_row();
    if (module) {
      row.identity.key.module = "m";
      row.identity.managed_by = "me";
    }
    row.twin = fresh_twin(row.identity);
    row.twin->tags = R"({"t":1})";
    row.twin->desired.values = R"({"a":{"b":1}})";
    const std::string line = export_line(row, true);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto item = read(line, BulkDialect::kImport);
    ASSERT_TRUE(item) << item.error().message;
    EXPECT_EQ(item->key, row.identity.key);
    EXPECT_EQ(item->etag, counter_etag_text(row.identity.etag));
    EXPECT_EQ(json::to_text(*item->twin->tags), row.twin->tags);
    EXPECT_EQ(json::to_text(*item->twin->desired), row.twin->desired.values);
  }
}

TEST(BulkResult, SaysWhatFailedAndHow) {
  const std::vector<BulkOutcome> good = {{{"d", ""}, {}, {}}};
  EXPECT_EQ(json::to_text(bulk_result_document(good)), R"({"isSuccessful":true,"errors":[],"warnings":[]})");
  const std::vector<BulkOutcome> mixed = {
      {{"d1", ""}, Error(ErrorCode::kDeviceAlreadyExists, "there"), {}},
      {{"d2", "m"}, Error(ErrorCode::kInvalidDeviceScope, "scope"), {}},
      {{"d3", ""}, {}, BulkWarning{"DeviceRegisteredWithoutTwin", "text"}},
  };
  EXPECT_EQ(json::to_text(bulk_result_document(mixed)),
            R"({"isSuccessful":false,"errors":[{"deviceId":"d1","moduleId":null,"errorCode":"DeviceAlreadyExists",)"
            R"("errorStatus":"there","operation":null},{"deviceId":"d2","moduleId":"m","errorCode":"ArgumentInvalid",)"
            R"("errorStatus":"scope","operation":null}],"warnings":[{"deviceId":"d3",)"
            R"("warningCode":"DeviceRegisteredWithoutTwin","warningStatus":"text"}]})");
}

}  // namespace
}  // namespace nave::hub
