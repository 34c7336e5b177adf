// Real sockets on the loopback for the tests of `net`: a self-signed certificate, a server with handlers made of
// functions, and a blocking client. Nothing sleeps: waiting is a blocking read, or a condition with a deadline.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "net/runtime.h"

namespace nave::net::test {

struct Identity {
  std::string certificate_pem;
  std::string key_pem;
};

inline std::string bio_text(BIO* bio) {
  char* data = nullptr;
  const long n = BIO_get_mem_data(bio, &data);
  std::string out(data, static_cast<size_t>(n));
  BIO_free(bio);
  return out;
}

inline Identity self_signed(const std::string& name) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const cert = X509_new();
  X509_set_version(cert, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
  X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
  X509_gmtime_adj(X509_getm_notAfter(cert), 24 * 3600);
  X509_set_pubkey(cert, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()), -1, 0);
  X509_set_issuer_name(cert, X509_get_subject_name(cert));
  X509_sign(cert, key, EVP_sha256());
  BIO* const c = BIO_new(BIO_s_mem());
  BIO* const k = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(c, cert);
  PEM_write_bio_PKCS8PrivateKey(k, key, nullptr, nullptr, 0, nullptr, nullptr);
  X509_free(cert);
  EVP_PKEY_free(key);
  return {bio_text(c), bio_text(k)};
}

inline const Identity& server_identity() {
  static const Identity identity = self_signed("server");
  return identity;
}

// A value that one thread sets and another waits for.
template <class T>
class Awaited {
 public:
  void set(T value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    changed_.notify_all();
  }
  // The next value, or a failed test after ten seconds.
  T get() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(10), [&] { return !values_.empty(); })) {
      ADD_FAILURE() << "nothing happened";
      return T{};
    }
    T out = std::move(values_.front());
    values_.erase(values_.begin());
    return out;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<T> values_;
};

// Waits, busily but politely, for something that another thread brings about.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

// What the handlers of a test do; every member runs on the connection's shard.
struct Script {
  std::function<void(Transport&)> open = [](Transport&) {};
  std::function<void(Transport&, ByteView)> bytes = [](Transport& t, ByteView b) { t.send(b); };  // echo
  std::function<void(Transport&)> drained = [](Transport&) {};
  Awaited<CloseReason> closed;
  std::atomic<int> alive{0};
};

class ScriptedHandler final : public Handler {
 public:
  explicit ScriptedHandler(Script& script) : script_(script) { ++script_.alive; }
  ~ScriptedHandler() override { --script_.alive; }
  void on_open(Transport& t) override {
    transport_ = &t;
    script_.open(t);
  }
  void on_bytes(ByteView b) override { script_.bytes(*transport_, b); }
  void on_drained() override { script_.drained(*transport_); }
  void on_closed(CloseReason reason) override { script_.closed.set(reason); }

 private:
  Script& script_;
  Transport* transport_ = nullptr;
};

// A blocking TCP connection to 127.0.0.1 whose reads give up after ten seconds.
class TcpClient {
 public:
  explicit TcpClient(uint16_t port, int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const int one = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    const timeval patience{10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  ~TcpClient() { close(); }
  TcpClient(const TcpClient&) = delete;
  TcpClient& operator=(const TcpClient&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool connected() const { return connected_; }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void reset() {
    const linger hard{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
  }
  void half_close() { ::shutdown(fd_, SHUT_WR); }
  void write(ByteView b) { ASSERT_EQ(::send(fd_, b.data(), b.size(), MSG_NOSIGNAL), static_cast<ssize_t>(b.size())); }
  // Everything until the other side closes; nullopt when it reset the connection instead.
  std::optional<std::string> read_to_end() {
    std::string out;
    char buffer[4096];
    for (;;) {
      const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
      if (n == 0) return out;
      if (n < 0) return std::nullopt;
      out.append(buffer, static_cast<size_t>(n));
    }
  }

 private:
  int fd_;
  bool connected_ = false;
};

struct TlsClientOptions {
  int version = TLS1_3_VERSION;
  std::string server_name = {};
  const Identity* certificate = nullptr;
  int receive_buffer = 0;
  SSL_SESSION* resume = nullptr;
  bool one_byte_segments = false;
  std::string ciphers = {};
};

class TlsClient {
 public:
  explicit TlsClient(uint16_t port, const TlsClientOptions& options = {})
      : tcp_(port, options.receive_buffer), ctx_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_min_proto_version(ctx_, options.version);
    SSL_CTX_set_max_proto_version(ctx_, options.version);
    if (!options.ciphers.empty()) SSL_CTX_set_cipher_list(ctx_, options.ciphers.c_str());
    if (options.certificate != nullptr) use(*options.certificate);
    ssl_ = SSL_new(ctx_);
    SSL_set_fd(ssl_, tcp_.fd());
    if (!options.server_name.empty()) SSL_set_tlsext_host_name(ssl_, options.server_name.c_str());
    if (options.resume != nullptr) SSL_set_session(ssl_, options.resume);
    open_ = options.one_byte_segments ? connect_bytewise() : SSL_connect(ssl_) == 1;
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(ctx_);
    ERR_clear_error();
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  [[nodiscard]] bool open() const { return open_; }
  [[nodiscard]] SSL* ssl() { return ssl_; }
  [[nodiscard]] TcpClient& tcp() { return tcp_; }
  void write(ByteView b) {
    ASSERT_EQ(SSL_write(ssl_, b.data(), static_cast<int>(b.size())), static_cast<int>(b.size()));
  }
  // Exactly n bytes, or fewer if the connection ends.
  std::string read(size_t n) {
    std::string out(n, '\0');
    size_t got = 0;
    while (got < n) {
      const int r = SSL_read(ssl_, out.data() + got, static_cast<int>(n - got));
      if (r <= 0) break;
      got += static_cast<size_t>(r);
    }
    out.resize(got);
    return out;
  }
  // True when the server ended the connection in order: close_notify.
  bool ended_in_order() {
    char c = 0;
    const int r = SSL_read(ssl_, &c, 1);
    return r <= 0 && SSL_get_error(ssl_, r) == SSL_ERROR_ZERO_RETURN;
  }
  [[nodiscard]] std::string server_common_name() const {
    X509* const cert = SSL_get0_peer_certificate(ssl_);
    char name[64] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name, sizeof name);
    return name;
  }

 private:
  void use(const Identity& identity) {
    BIO* const c = BIO_new_mem_buf(identity.certificate_pem.data(), static_cast<int>(identity.certificate_pem.size()));
    BIO* const k = BIO_new_mem_buf(identity.key_pem.data(), static_cast<int>(identity.key_pem.size()));
    X509* const cert = PEM_read_bio_X509(c, nullptr, nullptr, nullptr);
    EVP_PKEY* const key = PEM_read_bio_PrivateKey(k, nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(ctx_, cert);
    SSL_CTX_use_PrivateKey(ctx_, key);
    while (X509* const more = PEM_read_bio_X509(c, nullptr, nullptr, nullptr)) SSL_CTX_add0_chain_cert(ctx_, more);
    ERR_clear_error();
    X509_free(cert);
    EVP_PKEY_free(key);
    BIO_free(c);
    BIO_free(k);
  }
  // The handshake with every byte in a segment of its own.
  bool connect_bytewise() {
    BIO* const in = BIO_new(BIO_s_mem());
    BIO* const out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(in, -1);
    SSL_set_bio(ssl_, in, out);
    bool done = false;
    while (!done) {
      done = SSL_connect(ssl_) == 1;
      char* data = nullptr;
      const long n = BIO_get_mem_data(out, &data);
      for (long i = 0; i < n; ++i) {
        if (::send(tcp_.fd(), data + i, 1, MSG_NOSIGNAL) != 1) return false;
      }
      (void)BIO_reset(out);
      if (done) break;
      char buffer[4096];
      const ssize_t r = ::recv(tcp_.fd(), buffer, sizeof buffer, 0);
      if (r <= 0) return false;
      BIO_write(in, buffer, static_cast<int>(r));
    }
    SSL_set_fd(ssl_, tcp_.fd());
    return true;
  }

  TcpClient tcp_;
  SSL_CTX* ctx_;
  SSL* ssl_ = nullptr;
  bool open_ = false;
};

// A running server with one listener "test" whose handlers follow `script`.
class Server {
 public:
  explicit Server(RuntimeOptions options = {}, bool tls = true)
      : tls_context(std::make_shared<TlsContext>(server_identity().certificate_pem, server_identity().key_pem)),
        runtime(options, clock, metrics) {
    port = runtime.listen({.name = "test", .address = "127.0.0.1", .port = 0, .tls = tls}, tls_context,
                          [this](const ShardContext&) { return std::make_unique<ScriptedHandler>(script); });
  }
  void start() { runtime.start(); }
  [[nodiscard]] int64_t connections() { return metrics.gauge("nave_connections", "", "listener=\"test\"").value(); }
  [[nodiscard]] uint64_t handshakes(const std::string& result) {
    return metrics.counter("nave_tls_handshakes_total", "", "result=\"" + result + "\"").value();
  }
  [[nodiscard]] uint64_t refused(const std::string& reason) {
    return metrics.counter("nave_connections_refused_total", "", "reason=\"" + reason + "\"").value();
  }

  SystemClock clock;
  Metrics metrics;
  Script script;  // set up before start()
  std::shared_ptr<TlsContext> tls_context;
  Runtime runtime;  // last: its threads use the rest
  uint16_t port = 0;
};

}  // namespace nave::net::test
