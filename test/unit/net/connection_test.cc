// The Transport contract over real sockets: closing, aborting, pausing, backpressure, limits, the server's end.
#include "base/limits.h"
#include "net_fixture.h"

namespace nave::net::test {
namespace {

TEST(Connection, CloseSendsWhatIsPendingAndThenCloseNotify) {
  Server server;
  server.script.bytes = [](Transport& t, ByteView) {
    const size_t before = t.unsent_bytes();  // perhaps a session ticket
    t.send("good");
    t.send("bye");
    t.close();
    t.send("not this");
    EXPECT_EQ(t.unsent_bytes() - before, 7U);
  };
  server.start();
  TlsClient client(server.port);
  client.write("x");
  EXPECT_EQ(client.read(7), "goodbye");
  EXPECT_TRUE(client.ended_in_order());
  EXPECT_EQ(server.script.closed.get(), CloseReason::kLocal);
  client.tcp().close();
  EXPECT_TRUE(eventually([&] { return server.connections() == 0; }));
}

TEST(Connection, CloseInsideOnOpenIsFine) {
  Server server;
  server.script.open = [](Transport& t) {
    t.send("no");
    t.close();
  };
  server.start();
  TlsClient client(server.port);
  EXPECT_EQ(client.read(2), "no");
  EXPECT_TRUE(client.ended_in_order());
  EXPECT_EQ(server.script.closed.get(), CloseReason::kLocal);
}

TEST(Connection, OnClosedNeverRunsInsideCloseOrAbort) {
  Server server;
  Awaited<bool> checked;
  server.script.bytes = [&](Transport& t, ByteView b) {
    b == "abort" ? t.abort() : t.close();
    checked.set(server.script.alive == 1);
  };
  server.start();
  for (const char* how : {"close", "abort"}) {
    TlsClient client(server.port);
    client.write(how);
    EXPECT_TRUE(checked.get()) << how;
    EXPECT_EQ(server.script.closed.get(), CloseReason::kLocal);
    EXPECT_TRUE(eventually([&] { return server.script.alive == 0; }));
  }
}

TEST(Connection, AbortDropsWhatIsPendingAndResets) {
  Server server;
  server.script.bytes = [](Transport& t, ByteView) {
    t.send("lost");
    t.abort();
  };
  server.start();
  TlsClient client(server.port);
  client.write("x");
  EXPECT_EQ(server.script.closed.get(), CloseReason::kLocal);
  EXPECT_EQ(client.read(1), "");
  EXPECT_FALSE(client.ended_in_order());
}

TEST(Connection, AResetByThePeerClosesWithKPeer) {
  Server server;
  server.start();
  TlsClient client(server.port);
  client.write("x");
  EXPECT_EQ(client.read(1), "x");
  client.tcp().reset();
  EXPECT_EQ(server.script.closed.get(), CloseReason::kPeer);
  EXPECT_TRUE(eventually([&] { return server.connections() == 0 && server.script.alive == 0; }));
}

TEST(Connection, AResetIsNoticedWhileReadingIsPaused) {
  Server server;
  Awaited<bool> paused;
  server.script.bytes = [&](Transport& t, ByteView) {
    t.pause_reading();
    paused.set(true);
  };
  server.start();
  TlsClient client(server.port);
  client.write("x");
  ASSERT_TRUE(paused.get());
  client.tcp().reset();
  EXPECT_EQ(server.script.closed.get(), CloseReason::kPeer);
}

TEST(Connection, APeerThatOnlyStopsWritingIsClosedAfterItGotItsAnswer) {
  Server server({}, false);
  server.start();
  TcpClient client(server.port);
  client.write("last words");
  client.half_close();
  EXPECT_EQ(client.read_to_end(), "last words");
  EXPECT_EQ(server.script.closed.get(), CloseReason::kPeer);
}

TEST(Connection, WhatIsWrittenInOneTurnIsOneRecord) {
  Server server;
  server.script.bytes = [](Transport& t, ByteView b) {
    if (b == "hello") return t.send(b);
    for (int i = 0; i < 100; ++i) t.send(ByteView("\x40\x02\x00\x01", 4));
  };
  server.start();
  TlsClient client(server.port);
  client.write("hello");
  EXPECT_EQ(client.read(5), "hello");
  client.write("x");
  char buffer[1000];
  EXPECT_EQ(SSL_read(client.ssl(), buffer, sizeof buffer), 400) << "SSL_read returns one record at most";
}

TEST(Connection, PostedSendsLeaveToo) {
  Server server;
  server.script.bytes = [](Transport& t, ByteView) { t.shard().executor.post([&t] { t.send("later"); }); };
  server.start();
  TlsClient client(server.port);
  client.write("x");
  EXPECT_EQ(client.read(5), "later");
}

TEST(Connection, PausedReadingDeliversNothingUntilResumed) {
  Server server;
  Awaited<std::string> got;
  Awaited<Transport*> paused;
  server.script.bytes = [&](Transport& t, ByteView b) {
    got.set(std::string(b));
    if (b != "first") return t.send(b);
    t.pause_reading();
    paused.set(&t);
  };
  server.start();
  TlsClient client(server.port);
  client.write("first");
  EXPECT_EQ(got.get(), "first");
  Transport* const t = paused.get();
  client.write("second");
  // A round trip on another connection of the same shard: the loop has had its chance to deliver "second".
  TlsClient other(server.port);
  other.write("other");
  EXPECT_EQ(other.read(5), "other");
  EXPECT_EQ(got.get(), "other");
  server.runtime.shard(0).executor.post([t] { t->resume_reading(); });
  EXPECT_EQ(got.get(), "second");
}

TEST(Connection, ResumeDeliversWhatWaited) {
  Server server;
  Awaited<std::string> got;
  Awaited<Transport*> paused;
  server.script.open = [&](Transport& t) {
    t.pause_reading();
    paused.set(&t);
  };
  server.script.bytes = [&](Transport&, ByteView b) { got.set(std::string(b)); };
  server.start();
  TlsClient client(server.port, {.version = TLS1_2_VERSION});  // its handshake ends with the server's message
  ASSERT_TRUE(client.open());
  Transport* const t = paused.get();
  client.write("waited");
  server.runtime.shard(0).executor.post([t] { t->resume_reading(); });
  EXPECT_EQ(got.get(), "waited");
}

TEST(Connection, ABigAnswerReachesASlowReaderWholeAndDrains) {
  constexpr size_t kBytes = 8 * 1024 * 1024;
  Server server;
  Awaited<bool> drained;
  std::atomic<size_t> unsent = 0;
  server.script.bytes = [&](Transport& t, ByteView b) {
    if (b == "hello") return t.send(b);  // a round trip first, so that no session ticket is pending
    std::string big(kBytes, '\0');
    for (size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i * 7 >> 3);
    t.send(big);
    unsent = t.unsent_bytes();
  };
  server.script.drained = [&](Transport& t) { drained.set(t.unsent_bytes() == 0); };
  server.start();
  TlsClient client(server.port, {.receive_buffer = 4096});
  client.write("hello");
  EXPECT_EQ(client.read(5), "hello");
  client.write("x");
  const std::string got = client.read(kBytes);
  ASSERT_EQ(got.size(), kBytes);
  EXPECT_EQ(unsent, kBytes);
  bool same = true;
  for (size_t i = 0; i < got.size(); ++i) same = same && got[i] == static_cast<char>(i * 7 >> 3);
  EXPECT_TRUE(same);
  EXPECT_TRUE(drained.get());
}

TEST(Connection, DrainedIsNotCalledForSmallWrites) {
  Server server;
  std::atomic<int> calls = 0;
  server.script.drained = [&](Transport&) { ++calls; };
  server.script.bytes = [](Transport& t, ByteView b) {
    if (b == "hello") return t.send(b);
    t.send(std::string(limits::kUnsentBytesHigh, 'x'));
  };
  server.start();
  TlsClient client(server.port);
  client.write("hello");
  EXPECT_EQ(client.read(5), "hello");
  client.write("x");
  EXPECT_EQ(client.read(limits::kUnsentBytesHigh).size(), limits::kUnsentBytesHigh);
  client.write("x");
  EXPECT_EQ(client.read(1), "x");
  EXPECT_EQ(calls, 0);
}

TEST(Connection, APeerThatTakesNothingIsClosedAtTheLimitNotBefore) {
  Server server;
  Awaited<size_t> at_limit;
  server.script.bytes = [&](Transport& t, ByteView b) {
    if (b == "hello") return t.send(b);
    t.send(std::string(limits::kUnsentBytesMax, 'x'));
    at_limit.set(t.unsent_bytes());
    t.send("y");
  };
  server.start();
  TlsClient client(server.port);
  client.write("hello");
  EXPECT_EQ(client.read(5), "hello");
  client.write("x");
  EXPECT_EQ(at_limit.get(), limits::kUnsentBytesMax);
  EXPECT_EQ(server.script.closed.get(), CloseReason::kOverload);
}

TEST(Connection, ClosingWithALotPendingStillDeliversIt) {
  constexpr size_t kBytes = 4 * 1024 * 1024;
  Server server;
  server.script.bytes = [](Transport& t, ByteView) {
    t.send(std::string(kBytes, 'z'));
    t.close();
  };
  server.start();
  TlsClient client(server.port, {.receive_buffer = 4096});
  client.write("x");
  EXPECT_EQ(client.read(kBytes).size(), kBytes);
  EXPECT_TRUE(client.ended_in_order());
}

TEST(Connection, PlainListenersSpeakWithoutTls) {
  Server server({.shards = 2}, false);
  server.script.bytes = [](Transport& t, ByteView b) {
    t.send(b);
    t.close();
  };
  server.start();
  TcpClient client(server.port);
  client.write("GET /metrics");
  EXPECT_EQ(client.read_to_end(), "GET /metrics");
  EXPECT_EQ(server.script.closed.get(), CloseReason::kLocal);
}

TEST(Connection, NagleIsOff) {
  Server server;
  server.start();
  TlsClient client(server.port);
  client.write("a");
  EXPECT_EQ(client.read(1), "a");
  // Two answers without a read in between would wait for a delayed acknowledgement otherwise: far beyond this bound.
  const auto before = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) {
    client.write("b");
    client.write("c");
    EXPECT_EQ(client.read(2), "bc");
  }
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(700));
}

}  // namespace
}  // namespace nave::net::test
