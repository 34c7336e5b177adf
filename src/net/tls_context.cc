#include "net/tls_context.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <atomic>
#include <stdexcept>

#include "net/tls_context_impl.h"

namespace nave::net {
namespace {

// reference/device-mqtt-https.md §1.2: the suites of the service's enforced mode, and their ECDSA twins, because the
// certificate that Nave makes has an EC key. TLS 1.3 suites are OpenSSL's own.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:"
    "ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384";

struct BioFree {
  void operator()(BIO* b) const { BIO_free(b); }
};
struct X509Free {
  void operator()(X509* x) const { X509_free(x); }
};
struct KeyFree {
  void operator()(EVP_PKEY* k) const { EVP_PKEY_free(k); }
};

[[noreturn]] void refuse(const std::string& what) {
  throw std::runtime_error(what + ": " + take_openssl_error());
}

std::unique_ptr<BIO, BioFree> reader(const std::string& pem) {
  return std::unique_ptr<BIO, BioFree>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

void use_chain(SSL_CTX* ctx, const std::string& pem) {
  const auto in = reader(pem);
  const std::unique_ptr<X509, X509Free> leaf(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  if (!leaf || SSL_CTX_use_certificate(ctx, leaf.get()) != 1) refuse("server certificate");
  for (;;) {
    std::unique_ptr<X509, X509Free> next(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
    if (!next) break;
    if (SSL_CTX_add0_chain_cert(ctx, next.get()) != 1) refuse("server certificate chain");
    (void)next.release();
  }
  ERR_clear_error();  // the end of the text is reported as an error
}

void use_key(SSL_CTX* ctx, const std::string& pem) {
  const auto in = reader(pem);
  // An empty pass phrase instead of OpenSSL's prompt on the terminal.
  const std::unique_ptr<EVP_PKEY, KeyFree> key(
      PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, const_cast<char*>("")));
  if (!key || SSL_CTX_use_PrivateKey(ctx, key.get()) != 1) refuse("server private key");
  if (SSL_CTX_check_private_key(ctx) != 1) refuse("server private key does not belong to the certificate");
}

// Whether a certificate is trusted is decided at CONNECT or at the first request (§1.6), so every one passes here.
int accept_any_certificate(X509_STORE_CTX* /*store*/, void* /*arg*/) {
  return 1;
}

// A ticket carries the client's leaf but not the rest of its chain, which CA-signed devices are checked with: whoever
// presented a certificate makes a full handshake again.
SSL_TICKET_RETURN use_ticket(SSL* /*ssl*/, SSL_SESSION* session, const unsigned char* /*name*/, size_t /*size*/,
                             SSL_TICKET_STATUS status, void* /*arg*/) {
  switch (status) {
    case SSL_TICKET_SUCCESS:
    case SSL_TICKET_SUCCESS_RENEW:
      if (SSL_SESSION_get0_peer(session) != nullptr) return SSL_TICKET_RETURN_IGNORE_RENEW;
      return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
    default:
      return SSL_TICKET_RETURN_IGNORE_RENEW;
  }
}

void set_policy(SSL_CTX* ctx) {
  SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (SSL_CTX_set_cipher_list(ctx, kCiphers) != 1 || SSL_CTX_set1_groups_list(ctx, "X25519:P-256") != 1) {
    refuse("TLS ciphers");
  }
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
  // Tickets are stateless: resumption works without the server remembering anything. One is enough for a device.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(ctx, 1);
  SSL_CTX_set_session_ticket_cb(ctx, nullptr, use_ticket, nullptr);
  static constexpr std::array<unsigned char, 4> kSessionContext = {'n', 'a', 'v', 'e'};
  SSL_CTX_set_session_id_context(ctx, kSessionContext.data(), kSessionContext.size());
  // Requested, not required, with an empty list of authorities: devices hold self-signed certificates (§1.6).
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(ctx, accept_any_certificate, nullptr);
}

std::shared_ptr<TlsContext::Impl> make(const std::string& chain, const std::string& key) {
  ERR_clear_error();
  auto impl = std::make_shared<TlsContext::Impl>();
  impl->ctx.reset(SSL_CTX_new(TLS_server_method()));
  if (!impl->ctx) refuse("TLS");
  set_policy(impl->ctx.get());
  use_chain(impl->ctx.get(), chain);
  use_key(impl->ctx.get(), key);
  return impl;
}

}  // namespace

std::string take_openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "no further reason";
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

TlsContext::TlsContext(const std::string& certificate_chain, const std::string& private_key)
    : impl_(make(certificate_chain, private_key)) {}
TlsContext::~TlsContext() = default;

void TlsContext::reload(const std::string& certificate_chain, const std::string& private_key) {
  std::atomic_store(&impl_, make(certificate_chain, private_key));
}

std::shared_ptr<TlsContext::Impl> TlsContext::current() const {
  return std::atomic_load(&impl_);
}

}  // namespace nave::net
