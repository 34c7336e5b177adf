// Shards, listeners, limits and the server's end.
#include "net/runtime.h"

#include <sys/resource.h>

#include <algorithm>
#include <set>

#include "base/limits.h"
#include "net_fixture.h"

namespace nave::net::test {
namespace {

TEST(Runtime, EveryShardAcceptsOnTheSamePort) {
  Server server({.shards = 3});
  std::mutex mutex;
  std::set<uint16_t> shards;
  server.script.open = [&](Transport& t) {
    const std::lock_guard lock(mutex);
    shards.insert(t.shard().id.value());
  };
  server.start();
  std::vector<std::unique_ptr<TlsClient>> clients;
  const auto all_seen = [&] {
    const std::lock_guard lock(mutex);
    return shards.size() == 3;
  };
  for (int i = 0; i < 200 && !all_seen(); ++i) {
    clients.push_back(std::make_unique<TlsClient>(server.port));
    clients.back()->write("x");
    ASSERT_EQ(clients.back()->read(1), "x");
  }
  EXPECT_TRUE(all_seen());
  EXPECT_EQ(server.connections(), static_cast<int64_t>(clients.size()));
}

TEST(Runtime, PostedWorkRunsInOrderOnItsShard) {
  Server server({.shards = 2});
  server.start();
  Awaited<std::vector<int>> seen;
  auto order = std::make_shared<std::vector<int>>();
  for (int i = 0; i < 1000; ++i) server.runtime.shard(1).executor.post([order, i] { order->push_back(i); });
  server.runtime.shard(1).executor.post([order, &seen] { seen.set(*order); });
  const std::vector<int> got = seen.get();
  ASSERT_EQ(got.size(), 1000U);
  EXPECT_TRUE(std::ranges::is_sorted(got));
  EXPECT_EQ(server.runtime.shard(1).id, ShardId{1});
}

TEST(Runtime, ListensOnBothFamiliesWithoutAnAddress) {
  SystemClock clock;
  Metrics metrics;
  Script script;
  Runtime runtime({.shards = 2}, clock, metrics);
  Awaited<std::string> peer;
  script.open = [&](Transport& t) { peer.set(t.peer().address); };
  const uint16_t port = runtime.listen({.name = "any", .address = "", .port = 0, .tls = false}, nullptr,
                                       [&](const ShardContext&) { return std::make_unique<ScriptedHandler>(script); });
  runtime.start();
  TcpClient client(port);
  ASSERT_TRUE(client.connected());
  EXPECT_EQ(peer.get(), "127.0.0.1") << "an IPv4 peer of a dual-stack socket is written as IPv4";
}

TEST(Runtime, APortThatIsTakenIsAnErrorThatNamesIt) {
  for (const size_t shards : {size_t{1}, size_t{2}}) {
    Server first({.shards = shards});
    SystemClock clock;
    Metrics metrics;
    Runtime second({.shards = shards}, clock, metrics);
    try {
      second.listen({.name = "x", .address = "127.0.0.1", .port = first.port, .tls = false}, nullptr, nullptr);
      FAIL() << "the port is taken";
    } catch (const std::system_error& e) {
      EXPECT_EQ(e.code(), std::errc::address_in_use);
      EXPECT_NE(std::string(e.what()).find("127.0.0.1 port " + std::to_string(first.port)), std::string::npos);
    }
  }
}

TEST(Runtime, ABadAddressIsAnErrorThatNamesIt) {
  SystemClock clock;
  Metrics metrics;
  Runtime runtime({}, clock, metrics);
  EXPECT_THROW(runtime.listen({.name = "x", .address = "not an address", .port = 0, .tls = false}, nullptr, nullptr),
               std::system_error);
}

TEST(Runtime, TheConnectionLimitHoldsAcrossShards) {
  Server server({.shards = 2, .connections_max = 3});
  server.start();
  std::vector<std::unique_ptr<TlsClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<TlsClient>(server.port));
    ASSERT_TRUE(clients.back()->open()) << i;
  }
  EXPECT_FALSE(TlsClient(server.port).open());
  EXPECT_EQ(server.refused("total"), 1U);
  clients.pop_back();
  EXPECT_TRUE(eventually([&] { return server.connections() == 2; }));
  EXPECT_TRUE(TlsClient(server.port).open());
}

TEST(Runtime, TheLimitPerAddressHoldsAcrossShards) {
  Server server({.shards = 2, .connections_per_address_max = 2});
  server.start();
  TlsClient first(server.port);
  TlsClient second(server.port);
  EXPECT_TRUE(first.open());
  EXPECT_TRUE(second.open());
  EXPECT_FALSE(TlsClient(server.port).open());
  EXPECT_EQ(server.refused("address"), 1U);
  EXPECT_EQ(server.refused("total"), 0U);
}

TEST(Runtime, StopClosesEveryConnectionInOrder) {
  Server server({.shards = 2});
  server.start();
  std::vector<std::unique_ptr<TlsClient>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(std::make_unique<TlsClient>(server.port));
    clients.back()->write("x");
    ASSERT_EQ(clients.back()->read(1), "x");
  }
  server.runtime.stop(5000);
  for (auto& c : clients) EXPECT_TRUE(c->ended_in_order());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(server.script.closed.get(), CloseReason::kShutdown);
  EXPECT_EQ(server.script.alive, 0);
  EXPECT_EQ(server.connections(), 0);
  EXPECT_FALSE(TcpClient(server.port).connected());
}

TEST(Runtime, StopSendsWhatIsPendingWithinTheGrace) {
  constexpr size_t kBytes = 4 * 1024 * 1024;
  Server server;
  Awaited<bool> sent;
  server.script.bytes = [&](Transport& t, ByteView) {
    t.send(std::string(kBytes, 'q'));
    sent.set(true);
  };
  server.start();
  TlsClient client(server.port, {.receive_buffer = 4096});
  client.write("x");
  ASSERT_TRUE(sent.get());
  std::thread stopper([&] { server.runtime.stop(10'000); });
  EXPECT_EQ(client.read(kBytes).size(), kBytes);
  EXPECT_TRUE(client.ended_in_order());
  stopper.join();
}

TEST(Runtime, StopDoesNotWaitForAPeerThatTakesNothingBeyondTheGrace) {
  Server server;
  Awaited<bool> sent;
  server.script.bytes = [&](Transport& t, ByteView) {
    t.send(std::string(limits::kUnsentBytesMax / 2, 'q'));
    sent.set(true);
  };
  server.start();
  TlsClient client(server.port, {.receive_buffer = 4096});
  client.write("x");
  ASSERT_TRUE(sent.get());
  const auto before = std::chrono::steady_clock::now();
  server.runtime.stop(200);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(3));
  EXPECT_EQ(server.script.closed.get(), CloseReason::kShutdown);
}

TEST(Runtime, StopBeforeStartAndTwiceIsFine) {
  Server server;
  server.runtime.stop(10);
  server.runtime.stop(10);
  Server started;
  started.start();
  started.runtime.stop(10);
  started.runtime.stop(10);
}

TEST(Runtime, WorkPostedAfterStopIsDroppedWithoutRunning) {
  auto token = std::make_shared<int>(1);
  std::weak_ptr<int> watch = token;
  {
    Server server;
    server.start();
    server.runtime.stop(0);
    server.runtime.shard(0).executor.post([t = std::move(token)] { FAIL() << *t; });
  }
  EXPECT_TRUE(watch.expired());
}

// At the descriptor limit accepting pauses and goes on by itself.
TEST(Runtime, RunningOutOfDescriptorsPausesAccepting) {
  Server server({}, false);
  server.start();
  Counter& paused = server.metrics.counter("nave_accept_paused_total", "");
  rlimit old{};
  getrlimit(RLIMIT_NOFILE, &old);
  // The client takes the last descriptor there may be; the server finds none.
  const int probe = ::dup(0);
  ::close(probe);
  rlimit low = old;
  low.rlim_cur = static_cast<rlim_t>(probe) + 1;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  TcpClient client(server.port);
  EXPECT_TRUE(client.connected()) << "the kernel completes the connection by itself";
  EXPECT_TRUE(eventually([&] { return paused.value() >= 1; }));
  setrlimit(RLIMIT_NOFILE, &old);
  client.write("hello");
  client.half_close();
  EXPECT_EQ(client.read_to_end(), "hello");
  EXPECT_LE(paused.value(), 20U) << "no spinning";
}

// Many short connections on several shards at once, ended in every way: for the sanitizers.
TEST(Runtime, SurvivesAStormOfConnections) {
  Server server({.shards = 3});
  server.script.bytes = [](Transport& t, ByteView b) {
    t.send(b);
    if (b == "close") t.close();
    if (b == "abort") t.abort();
    if (b == "post") t.shard().executor.post([] {});
  };
  server.start();
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) {
    threads.emplace_back([&server, n] {
      for (int i = 0; i < 25; ++i) {
        if (i % 5 == 4) {
          TcpClient rude(server.port);
          rude.write("garbage");
          continue;
        }
        TlsClient client(server.port, {.version = i % 2 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION});
        static constexpr const char* kWays[] = {"close", "abort", "post", "echo"};
        client.write(kWays[(i + n) % 4]);
        if ((i + n) % 4 != 1) client.read(4);
        if (i % 3 == 0) client.tcp().reset();
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_TRUE(eventually([&] { return server.connections() == 0; }));
  EXPECT_EQ(server.script.alive, 0);
}

}  // namespace
}  // namespace nave::net::test
