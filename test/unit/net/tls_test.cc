// TLS over real sockets: versions, certificates, segments, resumption, and what goes wrong.
#include <fcntl.h>

#include "base/limits.h"
#include "net_fixture.h"

namespace nave::net::test {
namespace {

class TlsVersions : public ::testing::TestWithParam<int> {};

TEST_P(TlsVersions, EchoesAndClosesInOrder) {
  Server server({.shards = 2});
  server.start();
  TlsClient client(server.port, {.version = GetParam()});
  ASSERT_TRUE(client.open());
  EXPECT_EQ(SSL_version(client.ssl()), GetParam());
  client.write("hello");
  EXPECT_EQ(client.read(5), "hello");
  SSL_shutdown(client.ssl());
  EXPECT_EQ(server.script.closed.get(), CloseReason::kPeer);
  EXPECT_EQ(server.handshakes("ok"), 1U);
}

TEST_P(TlsVersions, EveryByteInItsOwnSegment) {
  Server server;
  server.start();
  TlsClient client(server.port, {.version = GetParam(), .one_byte_segments = true});
  ASSERT_TRUE(client.open());
  client.write("hello");
  EXPECT_EQ(client.read(5), "hello");
}

TEST_P(TlsVersions, CapturesTheClientCertificateAndItsChainWithoutVerifying) {
  const Identity leaf = self_signed("device-1");
  const Identity other = self_signed("intermediate");
  const Identity chain{leaf.certificate_pem + other.certificate_pem, leaf.key_pem};
  Server server;
  Awaited<PeerInfo> peer;
  server.script.open = [&](Transport& t) { peer.set(t.peer()); };
  server.start();
  TlsClient client(server.port, {.version = GetParam(), .server_name = "My-Hub.Example", .certificate = &chain});
  ASSERT_TRUE(client.open());
  client.write("x");
  const PeerInfo seen = peer.get();
  EXPECT_EQ(seen.address, "127.0.0.1");
  EXPECT_NE(seen.port, 0);
  EXPECT_EQ(seen.server_name, "my-hub.example");
  const auto* der = reinterpret_cast<const unsigned char*>(seen.certificate_der.data());
  X509* const parsed = d2i_X509(nullptr, &der, static_cast<long>(seen.certificate_der.size()));
  ASSERT_NE(parsed, nullptr);
  char name[64] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(parsed), NID_commonName, name, sizeof name);
  EXPECT_STREQ(name, "device-1");
  X509_free(parsed);
  ASSERT_EQ(seen.chain_der.size(), 1U);
  EXPECT_NE(seen.chain_der.front(), seen.certificate_der);
}

TEST_P(TlsVersions, WithoutACertificateThePeerHasNone) {
  Server server;
  Awaited<PeerInfo> peer;
  server.script.open = [&](Transport& t) { peer.set(t.peer()); };
  server.start();
  TlsClient client(server.port, {.version = GetParam()});
  ASSERT_TRUE(client.open());
  client.write("x");
  const PeerInfo seen = peer.get();
  EXPECT_TRUE(seen.certificate_der.empty());
  EXPECT_TRUE(seen.chain_der.empty());
  EXPECT_TRUE(seen.server_name.empty());
}

TEST_P(TlsVersions, ResumesATicket) {
  Server server;
  server.start();
  TlsClient first(server.port, {.version = GetParam()});
  first.write("x");
  EXPECT_EQ(first.read(1), "x");
  SSL_SESSION* const session = SSL_get1_session(first.ssl());
  TlsClient second(server.port, {.version = GetParam(), .resume = session});
  ASSERT_TRUE(second.open());
  EXPECT_EQ(SSL_session_reused(second.ssl()), 1);
  second.write("y");
  EXPECT_EQ(second.read(1), "y");
  SSL_SESSION_free(session);
}

// A ticket does not carry the chain that a CA-signed device is checked with.
TEST_P(TlsVersions, DoesNotResumeASessionWithAClientCertificate) {
  const Identity device = self_signed("device-1");
  Server server;
  Awaited<PeerInfo> peer;
  server.script.open = [&](Transport& t) { peer.set(t.peer()); };
  server.start();
  TlsClient first(server.port, {.version = GetParam(), .certificate = &device});
  first.write("x");
  EXPECT_EQ(first.read(1), "x");
  EXPECT_FALSE(peer.get().certificate_der.empty());
  SSL_SESSION* const session = SSL_get1_session(first.ssl());
  TlsClient second(server.port, {.version = GetParam(), .certificate = &device, .resume = session});
  ASSERT_TRUE(second.open());
  EXPECT_EQ(SSL_session_reused(second.ssl()), 0);
  second.write("y");
  EXPECT_EQ(second.read(1), "y");
  EXPECT_FALSE(peer.get().certificate_der.empty());
  SSL_SESSION_free(session);
}

INSTANTIATE_TEST_SUITE_P(Tls, TlsVersions, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& p) { return p.param == TLS1_2_VERSION ? "Tls12" : "Tls13"; });

TEST(Tls, RefusesVersionsBefore12) {
  Server server;
  server.start();
  TlsClient client(server.port, {.version = TLS1_1_VERSION, .ciphers = "ALL:@SECLEVEL=0"});
  EXPECT_FALSE(client.open());
  EXPECT_TRUE(eventually([&] { return server.handshakes("failed") == 1; }));
}

TEST(Tls, RefusesRenegotiation) {
  Server server;
  server.start();
  TlsClient client(server.port, {.version = TLS1_2_VERSION});
  ASSERT_TRUE(client.open());
  SSL_renegotiate(client.ssl());
  EXPECT_NE(SSL_do_handshake(client.ssl()), 1);
}

TEST(Tls, KeyUpdatesWorkAndAFloodOfThemEndsTheConnection) {
  Server server;
  server.start();
  TlsClient client(server.port);
  ASSERT_TRUE(client.open());
  SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED);
  client.write("one");
  EXPECT_EQ(client.read(3), "one");
  for (uint32_t i = 0; i < limits::kTlsLateHandshakeMessagesMax; ++i) {
    SSL_key_update(client.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
    if (SSL_do_handshake(client.ssl()) != 1) break;
  }
  EXPECT_EQ(server.script.closed.get(), CloseReason::kProtocol);
}

TEST(Tls, KeyUpdatesUpToTheLimitAreFine) {
  Server server;
  server.start();
  TlsClient client(server.port);
  ASSERT_TRUE(client.open());
  for (uint32_t i = 0; i < limits::kTlsLateHandshakeMessagesMax; ++i) {
    SSL_key_update(client.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
    ASSERT_EQ(SSL_do_handshake(client.ssl()), 1);
  }
  client.write("still here");
  EXPECT_EQ(client.read(10), "still here");
}

TEST(Tls, GarbageInsteadOfAClientHelloEndsTheConnection) {
  Server server;
  server.start();
  TcpClient client(server.port);
  client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto answer = client.read_to_end();
  ASSERT_TRUE(answer.has_value()) << "ends in order, with an alert at most";
  EXPECT_LE(answer->size(), 16U);
  client.close();
  EXPECT_TRUE(eventually([&] { return server.connections() == 0; }));
  EXPECT_EQ(server.handshakes("failed"), 1U);
  EXPECT_EQ(server.script.alive, 0);
}

TEST(Tls, GarbageAfterTheHandshakeIsAProtocolError) {
  Server server;
  server.start();
  TlsClient client(server.port);
  client.write("x");
  EXPECT_EQ(client.read(1), "x");
  client.tcp().write("this is not a record, but it is long enough to be taken for one");
  EXPECT_EQ(server.script.closed.get(), CloseReason::kProtocol);
}

TEST(Tls, AHandshakeThatDoesNotEndIsClosed) {
  Server server({.tls_handshake_ms = 100});
  server.start();
  TcpClient silent(server.port);
  TcpClient half(server.port);
  half.write(std::string("\x16\x03\x01\x02", 4));  // the beginning of a record
  EXPECT_EQ(silent.read_to_end(), "");
  EXPECT_EQ(half.read_to_end(), "");
  EXPECT_TRUE(eventually([&] { return server.handshakes("timeout") == 2; }));
  EXPECT_TRUE(eventually([&] { return server.connections() == 0; }));
}

TEST(Tls, TheHandshakeDeadlineEndsWithTheHandshake) {
  Server server({.tls_handshake_ms = 50});
  Awaited<bool> later;
  CallbackTimer<std::function<void()>> timer([&] { later.set(true); });
  server.script.open = [&](Transport& t) { t.shard().timers.arm(timer, 300); };
  server.start();
  TlsClient client(server.port);
  ASSERT_TRUE(client.open());
  client.write("a");
  EXPECT_EQ(client.read(1), "a");
  ASSERT_TRUE(later.get());
  client.write("b");
  EXPECT_EQ(client.read(1), "b");
}

TEST(Tls, ReloadServesTheNewCertificateToNewConnections) {
  Server server;
  server.start();
  TlsClient before(server.port);
  EXPECT_EQ(before.server_common_name(), "server");
  const Identity fresh = self_signed("fresh");
  server.tls_context->reload(fresh.certificate_pem, fresh.key_pem);
  TlsClient after(server.port);
  EXPECT_EQ(after.server_common_name(), "fresh");
  before.write("still open");
  EXPECT_EQ(before.read(10), "still open");
}

TEST(Tls, AFailedReloadKeepsTheOldCertificate) {
  Server server;
  server.start();
  const Identity other = self_signed("other");
  EXPECT_THROW(server.tls_context->reload(other.certificate_pem, server_identity().key_pem), std::runtime_error);
  EXPECT_THROW(server.tls_context->reload("no PEM", other.key_pem), std::runtime_error);
  TlsClient client(server.port);
  EXPECT_EQ(client.server_common_name(), "server");
}

TEST(Tls, AnIdleConnectionDoesNotLoseWhatArrivedWithTheLastHandshakeMessage) {
  // TLS 1.3 clients send Finished and their first bytes together.
  Server server;
  server.start();
  for (int i = 0; i < 20; ++i) {
    TlsClient client(server.port);
    client.write("CONNECT");
    EXPECT_EQ(client.read(7), "CONNECT");
  }
  EXPECT_EQ(server.handshakes("ok"), 20U);
}

}  // namespace
}  // namespace nave::net::test
