// WebSockets on the HTTPS listener: the quirks of each client, and life inside one.
#include "base/limits.h"
#include "http_fixture.h"

namespace nave::net::test {
namespace {

// The example of RFC 6455 §1.3.
constexpr const char* kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr const char* kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

std::string upgrade_request(const std::string& path, const std::string& headers) {
  return "GET " + path + " HTTP/1.1\r\nHost: hub\r\n" + headers + "\r\n";
}

std::string usual_headers(const std::string& subprotocol) {
  return "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
         std::string(kKey) + "\r\nSec-WebSocket-Protocol: " + subprotocol + "\r\n";
}

std::string reply(const std::string& subprotocol) {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
         std::string(kAccept) + "\r\nSec-WebSocket-Protocol: " + subprotocol + "\r\n\r\n";
}

std::string masked(uint8_t opcode, ByteView payload) {
  std::string out;
  out.push_back(static_cast<char>(0x80 | opcode));
  out.push_back(static_cast<char>(0x80 | payload.size()));
  out += std::string(4, '\0');  // a mask of zeros
  out += payload;
  return out;
}

struct Quirk {
  const char* client;
  std::string request;
  std::string reply;
  std::string path;
};

class WsQuirks : public HttpTest, public ::testing::WithParamInterface<Quirk> {};

TEST_P(WsQuirks, Upgrades) {
  transport.deliver(GetParam().request);
  EXPECT_EQ(transport.take_sent(), GetParam().reply);
  EXPECT_EQ(upgrade_path, GetParam().path);
  transport.deliver(masked(2, "abc"));
  EXPECT_EQ(inner.received, "abc");
  EXPECT_EQ(transport.take_sent(),
            "\x82\x03"
            "abc");
}

INSTANTIATE_TEST_SUITE_P(
    Ws, WsQuirks,
    ::testing::Values(
        Quirk{"Node",
              upgrade_request("/$iothub/websocket",
                              usual_headers("mqtt") +
                                  "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"),
              reply("mqtt"), "/$iothub/websocket"},
        Quirk{"CWritesMqttInCapitals", upgrade_request("/$iothub/websocket", usual_headers("MQTT")), reply("MQTT"),
              "/$iothub/websocket"},
        Quirk{"JavaSasWithAQuery",
              upgrade_request("/$iothub/websocket?iothub-no-client-cert=true", usual_headers("AMQPWSB10")),
              reply("AMQPWSB10"), "/$iothub/websocket"},
        Quirk{"PythonPahoOddCasing",
              upgrade_request("/$iothub/websocket",
                              "Upgrade: websocket\r\nConnection: Upgrade\r\nOrigin: https://hub:443\r\n"
                              "Sec-WebSocket-Key: " +
                                  std::string(kKey) +
                                  "\r\nSec-Websocket-Version: 13\r\nSec-Websocket-Protocol: mqtt\r\n"),
              reply("mqtt"), "/$iothub/websocket"},
        Quirk{"DotnetOffersTokensInLists",
              upgrade_request("/$servicebus/websocket/",
                              "UPGRADE: WebSocket\r\nconnection: keep-alive, upgrade\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: " +
                                  std::string(kKey) + "\r\nSec-WebSocket-Protocol: unknown , AMQPWSB10\r\n"),
              reply("AMQPWSB10"), "/$servicebus/websocket/"},
        Quirk{"EncodedDollar", upgrade_request("/%24iothub/websocket", usual_headers("mqtt")), reply("mqtt"),
              "/%24iothub/websocket"}),
    [](const auto& p) { return p.param.client; });

// Python Paho takes every line with "connection" in it for the Connection header; Java Paho wants ": " and no empty
// value.
TEST_F(HttpTest, WsReplyLinesSuitThePahoClients) {
  transport.deliver(upgrade_request("/", usual_headers("mqtt")));
  std::string_view rest = transport.sent;
  rest.remove_prefix(rest.find("\r\n") + 2);
  while (!rest.starts_with("\r\n")) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    const size_t colon = line.find(": ");
    ASSERT_NE(colon, std::string_view::npos) << line;
    EXPECT_GT(line.size(), colon + 2) << line;
    EXPECT_EQ(line.find("onnection") != std::string_view::npos, line == "Connection: Upgrade") << line;
    rest.remove_prefix(line.size() + 2);
  }
  EXPECT_EQ(rest, "\r\n") << "nothing is sent before the client speaks";
}

struct Refusal {
  const char* name;
  std::string headers;
};
class WsRefusals : public HttpTest, public ::testing::WithParamInterface<Refusal> {};

TEST_P(WsRefusals, With400) {
  transport.deliver(upgrade_request("/$iothub/websocket", GetParam().headers));
  EXPECT_TRUE(transport.sent.starts_with("HTTP/1.1 400 Bad Request\r\n")) << transport.sent;
  EXPECT_TRUE(transport.closed);
  EXPECT_TRUE(http.requests.empty());
}

std::string without(std::string headers, const std::string& line) {
  headers.erase(headers.find(line), headers.find("\r\n", headers.find(line)) + 2 - headers.find(line));
  return headers;
}

INSTANTIATE_TEST_SUITE_P(
    Ws, WsRefusals,
    ::testing::Values(
        Refusal{"UnknownSubprotocol", usual_headers("soap")},
        Refusal{"NoSubprotocol", without(usual_headers("mqtt"), "Sec-WebSocket-Protocol")},
        Refusal{"NoKey", without(usual_headers("mqtt"), "Sec-WebSocket-Key")},
        Refusal{"ShortKey", without(usual_headers("mqtt"), "Sec-WebSocket-Key") + "Sec-WebSocket-Key: AAAA\r\n"},
        Refusal{"NoVersion", without(usual_headers("mqtt"), "Sec-WebSocket-Version")},
        Refusal{"OldVersion", without(usual_headers("mqtt"), "Sec-WebSocket-Version") + "Sec-WebSocket-Version: 8\r\n"},
        Refusal{"NoConnectionUpgrade", without(usual_headers("mqtt"), "Connection")}),
    [](const auto& p) { return p.param.name; });

class WsOpen : public HttpTest {
 protected:
  void SetUp() override {
    HttpTest::SetUp();
    transport.deliver(upgrade_request("/$iothub/websocket", usual_headers("mqtt")));
    transport.sent.clear();
  }
};

TEST_F(HttpTest, BytesThatFollowTheUpgradeAreNotLost) {
  transport.deliver(upgrade_request("/", usual_headers("mqtt")) + masked(2, "early"));
  EXPECT_EQ(inner.received, "early");
}

TEST_F(WsOpen, ManyFramesOfOneReadAreOneCall) {
  int calls = 0;
  inner.bytes = [&](Transport&, ByteView) { ++calls; };
  transport.deliver(masked(2, "a") + masked(9, "ping") + masked(2, "b") + masked(2, "c"));
  EXPECT_EQ(inner.received, "abc");
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(transport.take_sent(), std::string("\x8a\x04ping"));
}

TEST_F(WsOpen, ACloseFrameIsEchoedAndEndsTheConnection) {
  transport.deliver(masked(2, "last") + masked(8, "\x03\xe8") + masked(2, "not this"));
  EXPECT_EQ(inner.received, "last");
  EXPECT_TRUE(transport.sent.ends_with(std::string("\x88\x02\x03\xe8", 4)));
  EXPECT_TRUE(transport.closed);
  EXPECT_EQ(inner.closed, std::vector{CloseReason::kPeer});
}

TEST_F(WsOpen, AViolationIsAnsweredWithItsCode) {
  transport.deliver(masked(1, "text"));
  EXPECT_EQ(transport.sent, std::string("\x88\x02\x03\xeb", 4));
  EXPECT_TRUE(transport.closed);
  EXPECT_EQ(inner.closed, std::vector{CloseReason::kProtocol});
}

TEST_F(WsOpen, ClosingFromInsideSaysSo) {
  inner.transport->send("bye");
  inner.transport->close();
  inner.transport->send("not this");
  EXPECT_TRUE(inner.closed.empty()) << "never from inside close()";
  EXPECT_EQ(transport.sent, std::string("\x82\x03"
                                        "bye\x88\x02\x03\xe8",
                                        9));
  transport.fake_shard().run_until_idle();
  EXPECT_EQ(inner.closed, std::vector{CloseReason::kLocal});
}

TEST_F(WsOpen, ClosingFromInsideOnBytesWinsOverWhatFollows) {
  inner.bytes = [](Transport& t, ByteView) { t.close(); };
  transport.deliver(masked(2, "x") + masked(1, "text"));
  EXPECT_EQ(transport.sent, std::string("\x88\x02\x03\xe8", 4));
  EXPECT_EQ(inner.closed, std::vector{CloseReason::kLocal});
}

TEST_F(WsOpen, AbortDropsTheConnection) {
  inner.transport->abort();
  EXPECT_TRUE(transport.aborted);
  transport.fake_shard().run_until_idle();
  EXPECT_EQ(inner.closed, std::vector{CloseReason::kLocal});
}

TEST_F(WsOpen, TheOuterEndIsTheInnerEnd) {
  transport.drop(CloseReason::kOverload);
  EXPECT_EQ(inner.closed, std::vector{CloseReason::kOverload});
}

TEST_F(WsOpen, FlowControlPassesThrough) {
  inner.transport->pause_reading();
  EXPECT_TRUE(transport.paused);
  inner.transport->resume_reading();
  EXPECT_FALSE(transport.paused);
  transport.stalled = true;
  inner.transport->send(std::string(limits::kUnsentBytesHigh + 1, 'x'));
  EXPECT_GT(inner.transport->unsent_bytes(), limits::kUnsentBytesHigh);
  transport.drain();
  EXPECT_EQ(inner.drained, 1);
}

TEST_F(WsOpen, HttpDeadlinesEndWithTheUpgrade) {
  transport.fake_shard().advance(limits::kHttpIdleMs * 3);
  EXPECT_FALSE(transport.closed);
}

TEST_F(HttpTest, APlainGetAtTheWebSocketPathIsAnOrdinaryRequest) {
  transport.deliver("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(http.requests.size(), 1U);
}

}  // namespace
}  // namespace nave::net::test
