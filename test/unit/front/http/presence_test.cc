// What documents say of who is connected.
#include "unit/front/http/api_fixture.h"

namespace nave::test {
namespace {

class NullSession final : public hub::Session {
 public:
  void end(hub::EndReason) override {}
  [[nodiscard]] bool still_authorized(const hub::Identity&) const override { return true; }
};

class PresenceTest : public ApiFixture {};

TEST_F(PresenceTest, ConnectedDevicesShowIt) {
  constexpr const char* kDevice = "/devices/d?api-version=2021-04-12";
  const std::string etag = send("PUT", kDevice, "{}").text("etag");
  shard.advance(1000);
  NullSession session;
  const auto claim = sessions.claim({"d", ""}, std::make_shared<hub::SessionLink>(shard.executor, session));
  const Response connected = send("GET", kDevice);
  EXPECT_EQ(connected.text("connectionState"), "Connected");
  EXPECT_EQ(connected.text("connectionStateUpdatedTime"), format_iso8601(shard.clock.utc()));
  EXPECT_EQ(send("GET", "/statistics/service?api-version=1").body, R"({"connectedDeviceCount":1})");
  shard.advance(1000);
  const std::string last_seen = format_iso8601(shard.clock.utc());
  sessions.touch({"d", ""});
  shard.advance(1000);
  sessions.release({"d", ""}, claim);
  const Response gone = send("GET", kDevice);
  EXPECT_EQ(gone.text("connectionState"), "Disconnected");
  EXPECT_EQ(gone.text("connectionStateUpdatedTime"), format_iso8601(shard.clock.utc()));
  EXPECT_EQ(gone.text("lastActivityTime"), last_seen);
  EXPECT_EQ(gone.text("etag"), etag);
}

}  // namespace
}  // namespace nave::test
