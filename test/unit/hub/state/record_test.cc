#include "hub/state/record.h"

#include <gtest/gtest.h>

#include "hub/device/identity_rules.h"

namespace nave::hub {
namespace {

const std::string kKeys =
    R"("symmetricKey":{"primaryKey":"MTIzNDU2Nzg5MDEyMzQ1Ng==","secondaryKey":"MTIzNDU2Nzg5MDEyMzQ1Nw=="})";
const std::string kAuthentication =
    R"("authentication":{)" + kKeys +
    R"(,"x509Thumbprint":{"primaryThumbprint":null,"secondaryThumbprint":null},"type":"sas"})";

// Lines that are written as they are read.
const std::string kLines[] = {
    R"({"kind":"hub","format":1})",
    R"({"kind":"policy","name":"p","rights":["RegistryRead","DeviceConnect"],"primaryKey":"MTIzNDU2Nzg5MDEyMzQ1Ng==",)"
    R"("secondaryKey":"MTIzNDU2Nzg5MDEyMzQ1Nw=="})",
    R"({"kind":"device","deviceId":"d","generationId":"637131779299315265","etag":"NTgwMDg5MDAz","status":"enabled",)"
    R"("statusUpdatedTime":"0001-01-01T00:00:00Z",)" +
        kAuthentication + R"(,"capabilities":{"iotEdge":false}})",
    R"({"kind":"device","deviceId":"e","generationId":"637131779299315265","etag":"NTgwMDg5MDAz","status":"disabled",)"
    R"("statusReason":"lost","statusUpdatedTime":"2026-08-15T09:07:36.7576697Z",)" +
        kAuthentication +
        R"(,"capabilities":{"iotEdge":true},"deviceScope":"ms-azure-iot-edge://e-637131779299315265",)"
        R"("parentScopes":["ms-azure-iot-edge://p-1"],"twin":{"etag":"AAAAAAAAAAs=","modelId":"dtmi:a;1",)"
        R"("tags":{"t":1.0},"properties":{"desired":{"a":{"b":[1,2]},"$metadata":{"$lastUpdated":"x"},"$version":7},)"
        R"("reported":{"$metadata":{},"$version":9007199254740993}}}})",
    R"({"kind":"module","deviceId":"e","moduleId":"$edgeAgent","generationId":"1","etag":"NTgwMDg5MDAz",)"
    R"("managedBy":"iotEdge","authentication":{"symmetricKey":{"primaryKey":null,"secondaryKey":null},)"
    R"("x509Thumbprint":{"primaryThumbprint":null,"secondaryThumbprint":null},"type":"none"}})",
};

TEST(StateRecord, EveryKindReadsBackToTheSameBytes) {
  for (const std::string& line : kLines) {
    const auto record = read_state_line(line);
    ASSERT_TRUE(record) << line << ": " << record.error().message;
    EXPECT_EQ(state_line(*record), line);
  }
}

TEST(StateRecord, ATwinThatIsStillFreshIsLeftOut) {
  ScannedTwin row = std::get<ScannedTwin>(*read_state_line(kLines[2]));
  row.twin = fresh_twin(row.identity);
  row.twin->revision = 3;
  EXPECT_EQ(state_line(row), kLines[2]);
  row.twin->reported.version = 2;
  EXPECT_NE(state_line(row), kLines[2]);
}

TEST(StateRecord, RefusesWhatAClientCouldNotHaveWritten) {
  const auto replaced = [](const std::string& line, const std::string& what, const std::string& by) {
    std::string out = line;
    const size_t at = out.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return out.replace(at, what.size(), by);
  };
  const std::string wrong[] = {
      "",
      "[]",
      R"({"kind":"other"})",
      R"({"kind":"hub","format":2})",
      replaced(kLines[1], "RegistryRead", "Everything"),
      replaced(kLines[1], R"("name":"p")", R"("name":"")"),
      replaced(kLines[1], "MTIzNDU2Nzg5MDEyMzQ1Ng==", "eA=="),
      replaced(kLines[2], R"("deviceId":"d")", R"("deviceId":"a b")"),
      replaced(kLines[2], "637131779299315265", "63x"),
      replaced(kLines[2], "NTgwMDg5MDAz", "x"),
      replaced(kLines[2], "0001-01-01T00:00:00Z", "yesterday"),
      replaced(kLines[2], "MTIzNDU2Nzg5MDEyMzQ1Ng==", "eA=="),
      replaced(kLines[2], R"("type":"sas")", R"("type":"none")"),
      replaced(kLines[3], R"("t":1.0)", R"("a.b":1)"),
      replaced(kLines[3], R"("$version":7)", R"("$version":0)"),
      replaced(kLines[3], R"(,"$version":7)", ""),
      replaced(kLines[3], "AAAAAAAAAAs=", "AAA="),
      replaced(kLines[3], R"("t":1.0)", R"("t":")" + std::string(4097, 'x') + '"'),
      replaced(kLines[4], "$edgeAgent", "a/b"),
  };
  for (const std::string& line : wrong) EXPECT_FALSE(read_state_line(line)) << line.substr(0, 200);
}

}  // namespace
}  // namespace nave::hub
