// Documents in the exact order of reference/service-rest.md §11.1.
#include <gtest/gtest.h>

#include "hub/twin/render.h"

namespace nave::hub {
namespace {

Identity device() {
  Identity out;
  out.key = {"d1", ""};
  out.generation_id = "637131779299315265";
  out.etag = 733117103;
  return out;
}

TEST(TwinRender, AFreshDevice) {
  const Identity d = device();
  EXPECT_EQ(service_twin_text(d, {}, fresh_twin(d)),
            R"({"deviceId":"d1","etag":"AAAAAAAAAAE=","deviceEtag":"NzMzMTE3MTAz","status":"enabled",)"
            R"("statusUpdateTime":"0001-01-01T00:00:00Z","connectionState":"Disconnected",)"
            R"("lastActivityTime":"0001-01-01T00:00:00Z","cloudToDeviceMessageCount":0,"authenticationType":"sas",)"
            R"("x509Thumbprint":{"primaryThumbprint":null,"secondaryThumbprint":null},"modelId":"","version":2,)"
            R"("properties":{"desired":{"$metadata":{"$lastUpdated":"2019-12-29T00:58:49.9315265Z"},"$version":1},)"
            R"("reported":{"$metadata":{"$lastUpdated":"2019-12-29T00:58:49.9315265Z"},"$version":1}},)"
            R"("capabilities":{"iotEdge":false}})");
  EXPECT_EQ(device_twin_text(fresh_twin(d)), R"({"desired":{"$version":1},"reported":{"$version":1}})");
}

TEST(TwinRender, EverythingThereIs) {
  Identity d = device();
  d.key.module = "m/1";
  d.enabled = false;
  d.status_reason = "lost \"it\"";
  d.status_updated = from_unix_ms(1'786'795'200'500);
  d.authentication.type = AuthType::kSelfSigned;
  d.authentication.primary_thumbprint = "AA";
  d.iot_edge = true;
  d.device_scope = "ms-azure-iot-edge://d1-1";
  d.parent_scopes = {"ms-azure-iot-edge://p-1"};
  Presence presence{true, kNever, from_unix_ms(1'786'795'201'000)};
  Twin twin;
  twin.changes = 11;
  twin.model_id = "dtmi:com:example:X;1";
  twin.tags = R"({"t":1})";
  twin.desired = {R"({"a":1})", R"({"$lastUpdated":"x","a":{}})", 4};
  twin.reported = {R"({"b":2})", R"({"$lastUpdated":"y"})", 313};
  EXPECT_EQ(
      service_twin_text(d, presence, twin),
      R"({"deviceId":"d1","moduleId":"m/1","etag":"AAAAAAAAAAs=","deviceEtag":"NzMzMTE3MTAz",)"
      R"("status":"disabled","statusReason":"lost \"it\"","statusUpdateTime":"2026-08-15T12:00:00.5Z",)"
      R"("connectionState":"Connected","lastActivityTime":"2026-08-15T12:00:01Z","cloudToDeviceMessageCount":0,)"
      R"("authenticationType":"selfSigned","x509Thumbprint":{"primaryThumbprint":"AA","secondaryThumbprint":null},)"
      R"("modelId":"dtmi:com:example:X;1","version":324,"tags":{"t":1},"properties":{)"
      R"("desired":{"a":1,"$metadata":{"$lastUpdated":"x","a":{}},"$version":4},)"
      R"("reported":{"b":2,"$metadata":{"$lastUpdated":"y"},"$version":313}},"capabilities":{"iotEdge":true},)"
      R"("deviceScope":"ms-azure-iot-edge://d1-1","parentScopes":["ms-azure-iot-edge://p-1"]})");
  EXPECT_EQ(device_twin_text(twin), R"({"desired":{"a":1,"$version":4},"reported":{"b":2,"$version":313}})");
  EXPECT_EQ(whole_desired(twin).body, R"({"a":1,"$version":4})");
}

TEST(TwinRender, EtagCountsInBase64) {
  Twin twin;
  EXPECT_EQ(twin_etag_text(twin), "AAAAAAAAAAE=");
  twin.changes = 0x0102030405060708;
  EXPECT_EQ(twin_etag_text(twin), "AQIDBAUGBwg=");
}

TEST(TwinRender, AGenerationIdThatIsNoTime) {
  Identity d = device();
  for (const char* id : {"", "abc", "-5", "99999999999999999999999"}) {
    d.generation_id = id;
    EXPECT_EQ(fresh_twin(d).desired.metadata, R"({"$lastUpdated":"0001-01-01T00:00:00Z"})") << id;
  }
}

// The If-Match row of twins in reference/service-rest.md §5.
TEST(TwinEtag, QuotedTagsAreCheckedBareOnesAreNot) {
  Twin twin;
  twin.changes = 11;
  const auto check = [&](const char* header) -> std::string {
    const auto ok = check_twin_etag(twin, parse_if_match(header));
    return ok ? "ok" : std::to_string(row(ok.error().code).code) + " " + ok.error().message;
  };
  for (const char* fine : {"", "*", "\"*\"", "\"AAAAAAAAAAs=\"", "W/\"AAAAAAAAAAs=\"", "AAAAAAAAAAE=", "garbage"}) {
    EXPECT_EQ(check(fine), "ok") << fine;
  }
  EXPECT_EQ(check("\"AAAAAAAAAAo=\""),
            "412001 Precondition failed: Twin version did not match, existingVersion:11 newVersion:10");
  for (const char* bad : {"\"garbage\"", "\"\"", "\"AAAAAAAAAAsB\"", "\"NzMzMTE3MTAz\""}) {
    EXPECT_EQ(check(bad), "412001 Precondition failed: Invalid ETag") << bad;
  }
}

}  // namespace
}  // namespace nave::hub
