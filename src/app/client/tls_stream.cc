#include "app/client/tls_stream.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

namespace nave::app {
namespace {

struct ContextDeleter {
  void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
};
struct SslDeleter {
  void operator()(SSL* p) const { SSL_free(p); }
};

std::string openssl_reason() {
  const unsigned long code = ERR_get_error();
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "connection closed";
}

// Of connecting, the handshake and sending: an address that swallows everything must not hold its caller for minutes.
constexpr timeval kPatience{20, 0};

void set_patience(int fd, int which, timeval patience) {
  (void)setsockopt(fd, SOL_SOCKET, which, &patience, sizeof patience);
}

int connect_tcp(const ClientTarget& target) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(target.port);
  if (const int rc = getaddrinfo(target.host.c_str(), port.c_str(), &hints, &list); rc != 0) {
    throw std::runtime_error("cannot resolve " + target.host + ": " + gai_strerror(rc));
  }
  int fd = -1;
  int error = 0;
  for (const addrinfo* a = list; a != nullptr && fd < 0; a = a->ai_next) {
    fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
    if (fd >= 0) set_patience(fd, SO_SNDTIMEO, kPatience);
    if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
      error = errno;
      close(fd);
      fd = -1;
    }
  }
  freeaddrinfo(list);
  if (fd < 0) {
    throw std::runtime_error("cannot connect to " + target.host + " port " + port + ": " + std::strerror(error) +
                             ". Is the hub running?");
  }
  return fd;
}

bool is_ip_literal(const std::string& host) {
  in6_addr buffer{};
  return inet_pton(AF_INET, host.c_str(), &buffer) == 1 || inet_pton(AF_INET6, host.c_str(), &buffer) == 1;
}

}  // namespace

struct TlsStream::Impl {
  int fd = -1;
  std::unique_ptr<SSL_CTX, ContextDeleter> context;
  std::unique_ptr<SSL, SslDeleter> ssl;
  ~Impl() {
    ssl.reset();
    if (fd >= 0) close(fd);
  }
};

TlsStream::TlsStream(const ClientTarget& target) : impl_(std::make_unique<Impl>()) {
  std::signal(SIGPIPE, SIG_IGN);
  impl_->context.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const context = impl_->context.get();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_default_verify_paths(context);
  if (!target.ca_file.empty() && SSL_CTX_load_verify_file(context, target.ca_file.c_str()) != 1) {
    throw std::runtime_error("cannot read certificates from " + target.ca_file);
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  impl_->fd = connect_tcp(target);
  impl_->ssl.reset(SSL_new(context));
  SSL* const ssl = impl_->ssl.get();
  if (is_ip_literal(target.host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), target.host.c_str());
  } else {
    SSL_set1_host(ssl, target.host.c_str());
    SSL_set_tlsext_host_name(ssl, target.host.c_str());
  }
  SSL_set_fd(ssl, impl_->fd);
  set_patience(impl_->fd, SO_RCVTIMEO, kPatience);
  if (SSL_connect(ssl) != 1) {
    const long verify = SSL_get_verify_result(ssl);
    const std::string reason = verify != X509_V_OK ? X509_verify_cert_error_string(verify) : openssl_reason();
    throw std::runtime_error("TLS to " + target.host + " failed: " + reason +
                             (verify != X509_V_OK ? " (name the hub's CA file with --ca)" : ""));
  }
  set_patience(impl_->fd, SO_RCVTIMEO, {0, 0});  // read() has times of its own
}

TlsStream::~TlsStream() {
  if (impl_->ssl) SSL_shutdown(impl_->ssl.get());
}

void TlsStream::write(ByteView bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    size_t n = 0;
    if (SSL_write_ex(impl_->ssl.get(), bytes.data() + done, bytes.size() - done, &n) != 1) {
      throw std::runtime_error("the connection broke while sending");
    }
    done += n;
  }
}

std::string TlsStream::read(size_t max, int timeout_ms, bool& timed_out) {
  timed_out = false;
  SSL* const ssl = impl_->ssl.get();
  if (SSL_pending(ssl) == 0 && timeout_ms >= 0) {
    pollfd p{impl_->fd, POLLIN, 0};
    const int ready = poll(&p, 1, timeout_ms);
    if (ready == 0 || (ready < 0 && errno == EINTR)) {
      timed_out = true;
      return "";
    }
  }
  std::string out(max, '\0');
  size_t n = 0;
  if (SSL_read_ex(ssl, out.data(), out.size(), &n) != 1) return "";
  out.resize(n);
  return out;
}

}  // namespace nave::app
