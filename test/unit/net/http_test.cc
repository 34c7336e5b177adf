// HTTP requests, good and hostile, over a fake transport.
#include "net/http.h"

#include "base/limits.h"
#include "http_fixture.h"

namespace nave::net::test {
namespace {

constexpr const char* kGet = "GET /devices/d1?api-version=2021-04-12 HTTP/1.1\r\nHost: hub\r\n\r\n";

int status_of(std::string_view response) {
  return response.starts_with("HTTP/1.1 ") ? std::stoi(std::string(response.substr(9, 3))) : 0;
}

TEST_F(HttpTest, AnswersExactly) {
  transport.deliver(kGet);
  EXPECT_EQ(transport.sent,
            "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nDate: Sat, 15 Aug 2026 09:07:36 GMT\r\nContent-Length: 4\r\n\r\nok 1");
  ASSERT_EQ(http.requests.size(), 1U);
  const HttpRequest& r = http.requests[0];
  EXPECT_EQ(r.method, "GET");
  EXPECT_EQ(r.path(), "/devices/d1");
  EXPECT_EQ(r.query(), "api-version=2021-04-12");
  EXPECT_EQ(r.header("HOST"), "hub");
  EXPECT_EQ(r.header("absent"), std::nullopt);
  EXPECT_EQ(r.peer.address, "192.0.2.1");
  EXPECT_FALSE(transport.closed);
}

TEST_F(HttpTest, KeepsTheConnectionAndAnswersPipelinedRequestsInOrder) {
  transport.deliver(std::string(kGet) + kGet + kGet);
  EXPECT_EQ(http.requests.size(), 3U);
  const size_t one = transport.sent.find("ok 1");
  const size_t two = transport.sent.find("ok 2");
  const size_t three = transport.sent.find("ok 3");
  EXPECT_LT(one, two);
  EXPECT_LT(two, three);
  EXPECT_NE(three, std::string::npos);
}

TEST_F(HttpTest, OneRequestAtATimeAndReadingPausesMeanwhile) {
  std::vector<HttpResponder> waiting;
  http.answer = [&](HttpResponder r) { waiting.push_back(std::move(r)); };
  transport.deliver(kGet);
  EXPECT_FALSE(transport.paused) << "nothing waits yet";
  transport.deliver(kGet);
  EXPECT_EQ(http.requests.size(), 1U);
  EXPECT_TRUE(transport.paused);
  waiting[0](HttpResponse{.status = 204, .headers = {}, .body = {}});
  EXPECT_EQ(http.requests.size(), 2U);
  EXPECT_FALSE(transport.paused);
  waiting[0](HttpResponse{.status = 200, .headers = {}, .body = "twice"});
  EXPECT_EQ(transport.sent.find("twice"), std::string::npos) << "a second answer has no effect";
}

TEST_F(HttpTest, EveryByteInItsOwnSegment) {
  const std::string bytes = "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
  for (const char c : bytes) transport.deliver(ByteView(&c, 1));
  ASSERT_EQ(http.requests.size(), 1U);
  EXPECT_EQ(http.requests[0].body, "abc");
}

// Node's telemetry (device-mqtt-https.md §8.1).
TEST_F(HttpTest, ChunkedBodies) {
  const std::string bytes =
      "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n10;ext=1\r\n0123456789abcdef\r\n0\r\n\r\n";
  transport.deliver(bytes);
  for (const char c : bytes) transport.deliver(ByteView(&c, 1));
  ASSERT_EQ(http.requests.size(), 2U);
  EXPECT_EQ(http.requests[0].body, "abc0123456789abcdef");
  EXPECT_EQ(http.requests[1].body, "abc0123456789abcdef");
}

// Beast's parser asserts when these bytes come one by one.
TEST_F(HttpTest, AnEmptyChunkedBodyByteByByte) {
  for (const char c : std::string_view("POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")) {
    transport.deliver(ByteView(&c, 1));
  }
  ASSERT_EQ(http.requests.size(), 1U);
  EXPECT_EQ(http.requests[0].body, "");
}

TEST_F(HttpTest, ExpectContinueIsAnsweredOnceBeforeTheBody) {
  transport.deliver("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(transport.take_sent(), "HTTP/1.1 100 Continue\r\n\r\n");
  transport.deliver("ab");
  EXPECT_EQ(transport.take_sent(), "");
  transport.deliver("cd");
  EXPECT_EQ(status_of(transport.sent), 200);
  EXPECT_EQ(http.requests.at(0).body, "abcd");
}

TEST_F(HttpTest, ExpectContinueWithABodyThatIsTooLargeIsRefusedAtOnce) {
  transport.deliver("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(status_of(transport.sent), 413);
  EXPECT_TRUE(transport.closed);
}

TEST_F(HttpTest, HeadHasTheLengthButNotTheBody) {
  transport.deliver("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(http.requests.at(0).method, "HEAD");
  EXPECT_TRUE(transport.sent.ends_with("Content-Length: 4\r\n\r\n"));
}

TEST_F(HttpTest, NoContentHasNoLength) {
  http.answer = [](HttpResponder r) { r(HttpResponse{.status = 204, .headers = {}, .body = "dropped"}); };
  transport.deliver(kGet);
  EXPECT_EQ(transport.sent, "HTTP/1.1 204 No Content\r\nDate: Sat, 15 Aug 2026 09:07:36 GMT\r\n\r\n");
}

// Java (service-rest.md §1).
TEST_F(HttpTest, MethodOverrideTurnsAPostIntoAPatchButNothingElse) {
  transport.deliver("POST /t HTTP/1.1\r\nHost: h\r\nX-HTTP-Method-Override: patch\r\nContent-Length: 0\r\n\r\n");
  transport.deliver("GET /t HTTP/1.1\r\nHost: h\r\nX-HTTP-Method-Override: DELETE\r\n\r\n");
  transport.deliver("POST /t HTTP/1.1\r\nHost: h\r\nX-HTTP-Method-Override: a b\r\nContent-Length: 0\r\n\r\n");
  ASSERT_EQ(http.requests.size(), 3U);
  EXPECT_EQ(http.requests[0].method, "PATCH");
  EXPECT_EQ(http.requests[1].method, "GET");
  EXPECT_EQ(http.requests[2].method, "POST");
}

TEST_F(HttpTest, ClosesWhenTheClientAsksTo) {
  transport.deliver("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_NE(transport.sent.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(transport.closed);
}

TEST_F(HttpTest, ClosesAfterAnHttp10Request) {
  transport.deliver("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(status_of(transport.sent), 200);
  EXPECT_TRUE(transport.closed);
}

TEST_F(HttpTest, ClosesWhenTheResponseSaysSo) {
  http.answer = [](HttpResponder r) {
    r(HttpResponse{.status = 429, .headers = {}, .body = "slow down", .close = true});
  };
  transport.deliver(std::string(kGet) + kGet);
  EXPECT_EQ(status_of(transport.sent), 429);
  EXPECT_NE(transport.sent.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(transport.closed);
  EXPECT_EQ(http.requests.size(), 1U);
}

TEST_F(HttpTest, HeaderValuesCannotBeginANewLine) {
  http.answer = [](HttpResponder r) {
    r(HttpResponse{.status = 200,
                   .headers = {{"iothub-app-x", "a\r\nSet-Cookie: b"}, {"bad name", "v"}, {"Content-Length", "9"}},
                   .body = "1"});
  };
  transport.deliver(kGet);
  EXPECT_NE(transport.sent.find("iothub-app-x: a  Set-Cookie: b\r\n"), std::string::npos);
  EXPECT_EQ(transport.sent.find("bad name"), std::string::npos);
  EXPECT_EQ(transport.sent.find("Content-Length: 9"), std::string::npos);
}

TEST_F(HttpTest, AResponderThatIsDroppedAnswers500) {
  http.answer = [](HttpResponder) {};
  transport.deliver(kGet);
  EXPECT_EQ(status_of(transport.sent), 500);
}

TEST_F(HttpTest, AResponderMayOutliveTheConnection) {
  HttpResponder kept;
  http.answer = [&](HttpResponder r) { kept = std::move(r); };
  transport.deliver(kGet);
  transport.drop();
  kept(HttpResponse{});
  kept = nullptr;
  EXPECT_EQ(transport.sent, "");
}

TEST_F(HttpTest, LineEndsBetweenRequestsAreSkipped) {
  transport.deliver("\r\n" + std::string(kGet) + "\r\n\r\n" + kGet);
  EXPECT_EQ(http.requests.size(), 2U);
}

// A peer that asks and asks but never reads gets no further answers made.
TEST_F(HttpTest, AnswersStopWhileThePeerDoesNotReadThem) {
  transport.stalled = true;
  http.answer = [](HttpResponder r) {
    r(HttpResponse{.status = 200, .headers = {}, .body = std::string(limits::kUnsentBytesHigh, 'x')});
  };
  transport.deliver(std::string(kGet) + kGet);
  EXPECT_EQ(http.requests.size(), 1U);
  EXPECT_TRUE(transport.paused);
  transport.drain();
  EXPECT_EQ(http.requests.size(), 2U);
}

TEST_F(HttpTest, AnIdleConnectionIsClosed) {
  transport.fake_shard().advance(limits::kHttpIdleMs - 1000);
  transport.deliver(kGet);
  transport.fake_shard().advance(limits::kHttpIdleMs - 1000);
  EXPECT_FALSE(transport.closed);
  transport.fake_shard().advance(1100);
  EXPECT_TRUE(transport.closed);
}

TEST_F(HttpTest, AHeaderThatDripsIsClosed) {
  for (int i = 0; i < 70 && !transport.closed; ++i) {
    transport.deliver(i == 0 ? "GET / HTTP/1.1\r\n" : "X: y\r\n");
    transport.fake_shard().advance(1000);
    EXPECT_EQ(transport.closed, i >= 60 - 1 + (transport.closed ? 0 : 1)) << i;
  }
  EXPECT_TRUE(transport.closed);
}

TEST_F(HttpTest, ABodyThatDripsIsClosed) {
  transport.deliver("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n");
  transport.fake_shard().advance(limits::kHttpRequestArrivalMs - 100);
  transport.deliver("x");
  EXPECT_FALSE(transport.closed);
  transport.fake_shard().advance(200);
  EXPECT_TRUE(transport.closed);
}

TEST_F(HttpTest, NoDeadlineWhileARequestIsBeingAnswered) {
  HttpResponder kept;
  http.answer = [&](HttpResponder r) { kept = std::move(r); };
  transport.deliver(kGet);
  transport.fake_shard().advance(10 * 60 * 1000);  // a direct method may take five minutes
  EXPECT_FALSE(transport.closed);
  kept(HttpResponse{});
  EXPECT_EQ(status_of(transport.sent), 200);
}

struct Hostile {
  const char* name;
  std::string bytes;
  int status;
};

class HttpHostile : public HttpTest, public ::testing::WithParamInterface<Hostile> {};

TEST_P(HttpHostile, IsRefusedAndTheConnectionClosed) {
  transport.deliver(GetParam().bytes);
  EXPECT_EQ(status_of(transport.sent), GetParam().status);
  EXPECT_NE(transport.sent.find("Content-Type: application/json; charset=utf-8\r\n"), std::string::npos);
  EXPECT_NE(transport.sent.find(R"({"Message":"ErrorCode:)"), std::string::npos);
  EXPECT_TRUE(transport.closed);
  EXPECT_TRUE(http.requests.empty());
}

TEST_P(HttpHostile, InEverySplit) {
  for (const char c : GetParam().bytes) {
    if (transport.closed) break;
    transport.deliver(ByteView(&c, 1));
  }
  EXPECT_EQ(status_of(transport.sent), GetParam().status);
  EXPECT_TRUE(http.requests.empty());
}

std::string post(const std::string& headers, const std::string& body = "") {
  return "POST / HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n" + body;
}

std::string many_headers(size_t n) {
  std::string out;
  for (size_t i = 0; i < n; ++i) out += "X" + std::to_string(i) + ": y\r\n";
  return out;
}

INSTANTIATE_TEST_SUITE_P(
    Http, HttpHostile,
    ::testing::Values(
        Hostile{"Garbage", "\x16\x03\x01 garbage\r\n\r\n", 400}, Hostile{"NoVersion", "GET /\r\n\r\n", 400},
        Hostile{"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        Hostile{"NoHost", "GET / HTTP/1.1\r\n\r\n", 400},
        Hostile{"TwoHosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        Hostile{"SpaceBeforeColon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
        Hostile{"BareLineFeed", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400},
        Hostile{"NulInHeader", std::string("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 29), 400},
        Hostile{"LengthAndChunked", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
        Hostile{"ChunkedAndLength", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400},
        Hostile{"DifferingLengths", post("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"), 400},
        Hostile{"DifferingLengthsInAList", post("Content-Length: 1, 2\r\n", "ab"), 400},
        Hostile{"NegativeLength", post("Content-Length: -1\r\n"), 400},
        Hostile{"HexLength", post("Content-Length: 0x10\r\n"), 400},
        Hostile{"OverflowingLength", post("Content-Length: 99999999999999999999999\r\n"), 400},
        Hostile{"TwoEncodings", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
        Hostile{"UnknownEncoding", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 400},
        Hostile{"EncodingThatIsNotChunked", post("Transfer-Encoding: identity\r\nContent-Length: 1\r\n", "a"), 400},
        Hostile{"EncodingWithATab", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 400},
        Hostile{"ChunkedInHttp10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        Hostile{"BadChunkSize", post("Transfer-Encoding: chunked\r\n", "zz\r\nabc\r\n"), 400},
        Hostile{"HugeChunkSize", post("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n"), 400},
        Hostile{"ChunkWithoutLineEnd", post("Transfer-Encoding: chunked\r\n", "1\r\nabc\r\n0\r\n\r\n"), 400},
        Hostile{"BodyOnePastTheLimit",
                post("Content-Length: " + std::to_string(limits::kHttpBodyBytesMax + 1) + "\r\n"), 413},
        Hostile{"ChunkOnePastTheLimit", post("Transfer-Encoding: chunked\r\n", "100001\r\n"), 413},
        Hostile{"HeaderTooLarge", post("X: " + std::string(limits::kHttpHeaderBytesMax, 'y') + "\r\n"), 431},
        Hostile{"HeadersTooLargeTogether",
                post("X: " + std::string(20'000, 'y') + "\r\nY: " + std::string(20'000, 'y') + "\r\n"), 431},
        Hostile{"TooManyHeaders", post(many_headers(limits::kHttpHeadersMax)), 431},
        Hostile{"TargetTooLong",
                "GET /" + std::string(limits::kHttpTargetBytesMax, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414}),
    [](const auto& p) { return p.param.name; });

TEST_F(HttpTest, LimitsAreInclusive) {
  transport.deliver(post("Content-Length: " + std::to_string(limits::kHttpBodyBytesMax) + "\r\n",
                         std::string(limits::kHttpBodyBytesMax, 'b')));
  transport.deliver(post("Transfer-Encoding: chunked\r\n",
                         "100000\r\n" + std::string(limits::kHttpBodyBytesMax, 'b') + "\r\n0\r\n\r\n"));
  transport.deliver("GET /" + std::string(limits::kHttpTargetBytesMax - 1, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n");
  transport.deliver("GET / HTTP/1.1\r\nHost: h\r\n" + many_headers(limits::kHttpHeadersMax - 1) + "\r\n");
  ASSERT_EQ(http.requests.size(), 4U);
  EXPECT_EQ(http.requests[1].body.size(), limits::kHttpBodyBytesMax);
  EXPECT_FALSE(transport.closed);
}

TEST_F(HttpTest, EqualLengthsTwiceAreOneLength) {
  transport.deliver(post("Content-Length: 2\r\nContent-Length: 2\r\n", "ab"));
  ASSERT_EQ(http.requests.size(), 1U);
  EXPECT_EQ(http.requests[0].body, "ab");
}

}  // namespace
}  // namespace nave::net::test
