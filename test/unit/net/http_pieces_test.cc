// Bodies that pass in pieces: in through a taker, out of a source.
#include <algorithm>

#include "base/limits.h"
#include "http_fixture.h"

namespace nave::net::test {
namespace {

constexpr const char* kPut = "PUT /b HTTP/1.1\r\nHost: hub\r\n";
const std::string kOk = "HTTP/1.1 200 OK";

class HttpPieces : public HttpTest {
 protected:
  HttpPieces() { http.plan = {.bytes_max = 8 << 20, .in_pieces = true}; }
};

// Gives pieces of one size until told otherwise.
class TestSource final : public HttpBodySource {
 public:
  struct State {
    std::deque<UniqueFunction<void(std::optional<std::string>)>> asked;  // a reply may ask for the next
    std::function<std::optional<std::string>()> at_once;                 // empty: the test replies
    bool destroyed = false;
  };
  explicit TestSource(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~TestSource() override { state_->destroyed = true; }
  void next(UniqueFunction<void(std::optional<std::string>)> reply) override {
    if (state_->at_once) return reply(state_->at_once());
    state_->asked.push_back(std::move(reply));
  }

 private:
  std::shared_ptr<State> state_;  // the connection may outlive the test
};

HttpResponse streamed(const std::shared_ptr<TestSource::State>& state, uint64_t length) {
  HttpResponse out;
  out.length = length;
  out.source = std::make_unique<TestSource>(state);
  return out;
}

TEST_F(HttpPieces, TheBodyArrivesInPiecesAndIsAnsweredOnce) {
  transport.deliver(std::string(kPut) + "Content-Length: 6\r\n\r\nab");
  ASSERT_EQ(http.requests.size(), 1U);
  EXPECT_EQ(http.requests[0].header("content-length"), "6");
  EXPECT_EQ(http.taken, "ab");
  transport.deliver("cdef");
  EXPECT_EQ(http.taken, "abcdef");
  EXPECT_EQ(http.ended, 1);
  EXPECT_EQ(transport.sent, "");
  http.respond_later(HttpResponse{});
  EXPECT_TRUE(transport.sent.starts_with(kOk));
  EXPECT_FALSE(transport.closed) << "the connection lives on";
  transport.deliver(std::string(kPut) + "Content-Length: 1\r\n\r\nx");
  EXPECT_EQ(http.ended, 2);
}

TEST_F(HttpPieces, ChunkedBodiesToo) {
  transport.deliver(std::string(kPut) + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(http.taken, "abcde");
  EXPECT_EQ(http.ended, 1);
}

TEST_F(HttpPieces, AFullTakerStopsReadingUntilItWantsMore) {
  http.full = true;
  transport.deliver(std::string(kPut) + "Content-Length: 6\r\n\r\nab");
  transport.deliver("cd");
  EXPECT_EQ(http.taken, "ab");
  EXPECT_TRUE(transport.paused);
  http.full = false;
  http.take_more();
  EXPECT_EQ(http.taken, "abcd");
  EXPECT_FALSE(transport.paused);
  transport.deliver("ef");
  EXPECT_EQ(http.ended, 1);
}

TEST_F(HttpPieces, AnEarlyAnswerClosesTheConnection) {
  transport.deliver(std::string(kPut) + "Content-Length: 6\r\n\r\nab");
  http.respond_later(HttpResponse{.status = 403, .headers = {}, .body = {}});
  EXPECT_TRUE(transport.sent.starts_with("HTTP/1.1 403"));
  EXPECT_NE(transport.sent.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(transport.closed);
  EXPECT_EQ(http.ended, 0);
}

TEST_F(HttpPieces, ATakerIsDroppedWithItsConnection) {
  transport.deliver(std::string(kPut) + "Content-Length: 6\r\n\r\nab");
  EXPECT_EQ(http.dropped, 0);
  transport.drop();
  EXPECT_EQ(http.dropped, 1);
  EXPECT_EQ(http.ended, 0);
  http.take_more();
  http.respond_later(HttpResponse{});
  EXPECT_EQ(transport.sent, "");
}

TEST_F(HttpPieces, TheLimitIsThatOfThePlan) {
  http.plan.bytes_max = 4;
  transport.deliver(std::string(kPut) + "Content-Length: 4\r\n\r\nabcd");
  EXPECT_EQ(http.ended, 1);
  http.respond_later(HttpResponse{});
  transport.sent.clear();
  transport.deliver(std::string(kPut) + "Content-Length: 5\r\n\r\n");
  EXPECT_TRUE(transport.sent.starts_with("HTTP/1.1 413")) << transport.sent;
}

TEST_F(HttpPieces, TheLimitOfAChunkedBodyToo) {
  http.plan.bytes_max = 4;
  transport.deliver(std::string(kPut) + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_TRUE(transport.sent.starts_with("HTTP/1.1 413")) << transport.sent;
  EXPECT_EQ(http.ended, 0);
}

TEST_F(HttpPieces, ExpectContinueIsAnswered) {
  transport.deliver(std::string(kPut) + "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  EXPECT_EQ(transport.sent, "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST_F(HttpTest, ALargerPlanLetsALargerBodyBeCollected) {
  http.plan.bytes_max = limits::kHttpBodyBytesMax + 1;
  transport.deliver(std::string(kPut) + "Content-Length: " + std::to_string(limits::kHttpBodyBytesMax + 1) +
                    "\r\n\r\n" + std::string(limits::kHttpBodyBytesMax + 1, 'b'));
  ASSERT_EQ(http.requests.size(), 1U);
  EXPECT_EQ(http.requests[0].body.size(), limits::kHttpBodyBytesMax + 1);
}

TEST_F(HttpTest, AnAnswerInPieces) {
  const auto state = std::make_shared<TestSource::State>();
  http.answer = [state](HttpResponder r) { r(streamed(state, 5)); };
  transport.deliver("GET /b HTTP/1.1\r\nHost: hub\r\n\r\n");
  EXPECT_NE(transport.sent.find("Content-Length: 5\r\n"), std::string::npos);
  ASSERT_EQ(state->asked.size(), 1U);
  state->asked[0]("abc");
  ASSERT_EQ(state->asked.size(), 2U);
  state->asked[1]("de");
  EXPECT_TRUE(transport.sent.ends_with("\r\n\r\nabcde"));
  EXPECT_TRUE(state->destroyed);
  EXPECT_EQ(state->asked.size(), 2U);
  transport.deliver("GET /b HTTP/1.1\r\nHost: hub\r\n\r\n");
  EXPECT_EQ(http.requests.size(), 2U) << "the connection lives on";
}

TEST_F(HttpTest, AnAnswerInPiecesWaitsForThePeer) {
  const auto state = std::make_shared<TestSource::State>();
  int pieces = 0;
  state->at_once = [&]() -> std::optional<std::string> {
    ++pieces;
    return std::string(256 * 1024, 'x');
  };
  transport.stalled = true;
  http.answer = [state](HttpResponder r) { r(streamed(state, 8 << 20)); };
  transport.deliver("GET /b HTTP/1.1\r\nHost: hub\r\n\r\n");
  EXPECT_LE(pieces, 6);
  while (pieces < 32) transport.drain();
  transport.drain();
  EXPECT_TRUE(state->destroyed);
  EXPECT_EQ(pieces, 32);
}

TEST_F(HttpTest, ASourceThatFailsCutsTheConnection) {
  const auto state = std::make_shared<TestSource::State>();
  http.answer = [state](HttpResponder r) { r(streamed(state, 5)); };
  transport.deliver("GET /b HTTP/1.1\r\nHost: hub\r\n\r\n");
  state->asked.at(0)(std::nullopt);
  EXPECT_TRUE(transport.aborted);
  transport.fake_shard().run_until_idle();
  EXPECT_TRUE(state->destroyed);
}

TEST_F(HttpTest, HeadTellsTheLengthOnly) {
  http.answer = [&](HttpResponder r) {
    HttpResponse response;
    response.length = 5000;
    r(std::move(response));
  };
  transport.deliver("HEAD /b HTTP/1.1\r\nHost: hub\r\n\r\n");
  EXPECT_NE(transport.sent.find("Content-Length: 5000\r\n"), std::string::npos);
  EXPECT_TRUE(transport.sent.ends_with("\r\n\r\n"));
}

}  // namespace
}  // namespace nave::net::test
